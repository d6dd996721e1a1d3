package rest

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"strings"

	"github.com/localgovdigital/folkmoot/proto"
)

// openAPI merges the rooms' generated documents into one, and puts in what the generator
// cannot know: errors are problems, every method takes a bearer token or none, and writing
// methods take Idempotency-Key.
func openAPI() ([]byte, error) {
	paths, schemas := map[string]any{}, map[string]any{}
	rooms := map[string]string{}
	var tags []any
	files, err := fs.Glob(proto.OpenAPI, "folkmoot/*/v1/*.openapi.json")
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("rest: no OpenAPI documents are embedded: %w", err)
	}
	for _, name := range files {
		raw, err := proto.OpenAPI.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("rest: read %s: %w", name, err)
		}
		var d struct {
			Paths      map[string]map[string]map[string]any `json:"paths"`
			Components struct {
				Schemas map[string]any `json:"schemas"`
			} `json:"components"`
			Tags []map[string]any `json:"tags"`
		}
		if err := json.Unmarshal(raw, &d); err != nil {
			return nil, fmt.Errorf("rest: parse %s: %w", name, err)
		}
		room := strings.Split(name, "/")[1]
		for path, methods := range d.Paths {
			if strings.HasPrefix(path, "/dev/") {
				continue
			}
			for verb, op := range methods {
				dressOperation(verb, op)
				ofRoom(op, room, rooms)
			}
			paths[path] = methods
		}
		delete(d.Components.Schemas, "google.rpc.Status")
		maps.Copy(schemas, d.Components.Schemas)
		for _, tag := range d.Tags {
			name, _ := tag["name"].(string)
			if strings.HasSuffix(name, "RoomsService") || name == "SampleService" {
				continue
			}
			tag["name"] = unique(name, room, rooms)
			tags = append(tags, tag)
		}
	}
	schemas["Problem"] = problemSchema
	return json.MarshalIndent(map[string]any{
		"openapi": "3.1.0",
		"info": map[string]any{
			"title": "Folkmoot", "version": "1",
			"description": "A co-operative's register, ledger, motions and ballots. What is published here is deprecated with notice, never changed.",
			"license":     map[string]any{"name": "MIT", "identifier": "MIT"},
		},
		"servers":  []any{map[string]any{"url": "/"}},
		"security": []any{map[string]any{}, map[string]any{"bearer": []any{}}},
		"tags":     tags,
		"paths":    paths,
		"components": map[string]any{
			"schemas":         schemas,
			"securitySchemes": map[string]any{"bearer": map[string]any{"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
		},
	}, "", "  ")
}

// ofRoom keeps the ids of operations apart where two rooms have a service of the same name: the first to come keeps the
// name as it is, the others are named after their room.
func ofRoom(op map[string]any, room string, rooms map[string]string) {
	service, method, _ := strings.Cut(fmt.Sprint(op["operationId"]), "_")
	named := unique(service, room, rooms)
	op["operationId"], op["tags"] = named+"_"+method, []any{named}
}

// unique returns the name of a room's service among those of all rooms.
func unique(service, room string, rooms map[string]string) string {
	if first, taken := rooms[service]; taken && first != room {
		return strings.ToUpper(room[:1]) + room[1:] + service
	}
	rooms[service] = room
	return service
}

func dressOperation(verb string, op map[string]any) {
	responses, _ := op["responses"].(map[string]any)
	if responses != nil {
		responses["default"] = map[string]any{
			"description": "A problem: what was wrong, with a reason that programs can test and a sentence for a person.",
			"content":     map[string]any{"application/problem+json": map[string]any{"schema": map[string]any{"$ref": "#/components/schemas/Problem"}}},
		}
	}
	if verb == "get" {
		return
	}
	parameters, _ := op["parameters"].([]any)
	op["parameters"] = append(parameters, map[string]any{
		"name": "Idempotency-Key", "in": "header", "schema": map[string]any{"type": "string", "format": "uuid"},
		"description": "The request id, if the body has none. Sending the same request again with it returns the first answer.",
	})
}

var problemSchema = map[string]any{
	"type":        "object",
	"description": "An error (RFC 9457).",
	"required":    []any{"type", "title", "status"},
	"properties": map[string]any{
		"type":   map[string]any{"type": "string", "format": "uri-reference"},
		"title":  map[string]any{"type": "string"},
		"status": map[string]any{"type": "integer"},
		"detail": map[string]any{"type": "string"},
		"code":   map[string]any{"type": "string"},
		"reason": map[string]any{"type": "string"},
		"details": map[string]any{
			"type": "object", "additionalProperties": map[string]any{"type": "string"},
		},
		"violations": map[string]any{"type": "array", "items": map[string]any{
			"type": "object", "properties": map[string]any{"field": map[string]any{"type": "string"}, "message": map[string]any{"type": "string"}},
		}},
	},
}
