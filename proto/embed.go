// Package proto holds the contract: the protos, what is generated from them, and the OpenAPI document.
package proto

import "embed"

// OpenAPI holds one generated OpenAPI 3.1 document a room; the gateway merges them.
//
//go:embed folkmoot/*/v1/*.openapi.json
var OpenAPI embed.FS
