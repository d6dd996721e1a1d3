package store

import (
	"testing"

	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
)

func TestSchema(t *testing.T) { databasetest.Schema(t, "schema.sql", Migrations) }
