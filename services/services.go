// Package services starts the rooms of the house: in this process, or dialled where they run
// elsewhere.
package services
