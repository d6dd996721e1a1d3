package store_test

import (
	"testing"

	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/motions/store"
)

func TestSchema(t *testing.T) { databasetest.Schema(t, "schema.sql", store.Migrations) }
