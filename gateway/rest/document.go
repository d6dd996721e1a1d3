package rest

import "sync"

var document = sync.OnceValues(openAPI)

// Document returns the OpenAPI 3.1 document of the whole API, as JSON.
func Document() ([]byte, error) { return document() }
