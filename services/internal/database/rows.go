package database

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// rowsLimit is how many rows one statement of [InsertRows] has at most.
const rowsLimit = 64

// rowsTexts keeps the statements by their head and number of rows.
var rowsTexts sync.Map

type rowsKey struct {
	head string
	rows int
}

// InsertRows inserts as many rows as args holds columns for. head is the statement up to VALUES: "INSERT INTO t (a, b)". It uses
// few statements of 64, 32, … 1 rows, so that each engine keeps them prepared.
func InsertRows(ctx context.Context, tx *sql.Tx, head string, columns int, args []any) error {
	if len(args)%columns != 0 {
		return fmt.Errorf("database: %d arguments for rows of %d columns", len(args), columns)
	}
	for n := rowsLimit; len(args) > 0; {
		for n*columns > len(args) {
			n /= 2
		}
		if _, err := tx.ExecContext(ctx, rowsText(head, columns, n), args[:n*columns]...); err != nil {
			return err
		}
		args = args[n*columns:]
	}
	return nil
}

// PaddedRows returns the statement before + "VALUES (…), …" + after for the rows that args holds, and its arguments: the number of
// rows is brought up to a power of two by repeating the last, so that there are few statements. It suits IN. args must not be empty.
func PaddedRows(before, after string, columns int, args []any) (text string, padded []any) {
	n := 1
	for n*columns < len(args) {
		n *= 2
	}
	padded = append(make([]any, 0, n*columns), args...)
	for len(padded) < n*columns {
		padded = append(padded, args[len(args)-columns:]...)
	}
	return rowsText(before, columns, n) + after, padded
}

func rowsText(head string, columns, n int) string {
	key := rowsKey{head, n}
	if text, ok := rowsTexts.Load(key); ok {
		return text.(string)
	}
	var b strings.Builder
	b.WriteString(head + " VALUES ")
	for row := range n {
		if row > 0 {
			b.WriteByte(',')
		}
		for c := range columns {
			b.WriteByte("(,"[min(c, 1)])
			b.WriteString("$" + strconv.Itoa(row*columns+c+1))
		}
		b.WriteByte(')')
	}
	rowsTexts.Store(key, b.String())
	return b.String()
}
