package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"modernc.org/sqlite"
)

// sqliteDriver is modernc's driver with statements that are prepared once a connection, and parameters without names.
//
// A store writes $1, which PostgreSQL needs and SQLite takes for a name. SQLite looks a name up by going through all of them,
// at preparing and again at binding, so a statement of many rows costs the square of its parameters: at 64 votes a
// statement more than half of all the time went there and into preparing. Here $1 becomes a bare ?, and the
// arguments are put into the order of their places.
const sqliteDriver = "folkmoot-sqlite"

func init() { sql.Register(sqliteDriver, liteDriver{&sqlite.Driver{}}) }

type liteDriver struct{ inner *sqlite.Driver }

func (d liteDriver) Open(name string) (driver.Conn, error) {
	c, err := d.inner.Open(name)
	if err != nil {
		return nil, err
	}
	inner, ok := c.(liteInner)
	if !ok {
		return nil, errors.Join(fmt.Errorf("database: the SQLite driver's connection, a %T, lacks a method we need", c), c.Close())
	}
	return &liteConn{liteInner: inner, known: map[string]*liteQuery{}}, nil
}

// liteInner is what we need of modernc's connection.
type liteInner interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// liteKept bounds the statements kept on a connection; a store has fewer.
const liteKept = 128

// liteConn keeps prepared statements. database/sql uses a connection from one goroutine at a time.
type liteConn struct {
	liteInner
	known map[string]*liteQuery
}

// liteQuery is a query as SQLite is given it.
type liteQuery struct {
	text string
	// order holds, for each place in the text, which argument goes there, from 0.
	order []int
	// idle are prepared statements that nobody is reading from: more than one only if a query runs inside of itself.
	idle []*liteStmt
}

type liteStmt struct {
	driver.Stmt
	query *liteQuery
	args  []driver.NamedValue
}

// drop closes a statement for good. What it did is done, so an error here tells nothing new.
func (s *liteStmt) drop() { _ = s.Close() }

// sentToSQLite counts what is sent to SQLite.
var sentToSQLite atomic.Int64

// Sent is how many statements this process has sent to SQLite databases. Tests hold with it that what a page asks
// does not grow with what there is.
func Sent() int64 { return sentToSQLite.Load() }

func (c *liteConn) statement(ctx context.Context, text string, args []driver.NamedValue) (*liteStmt, error) {
	sentToSQLite.Add(1)
	q := c.known[text]
	if q == nil {
		q = &liteQuery{}
		q.text, q.order = positional(text)
		if len(c.known) >= liteKept {
			c.forget()
		}
		c.known[text] = q
	}
	var s *liteStmt
	if n := len(q.idle); n > 0 {
		s, q.idle = q.idle[n-1], q.idle[:n-1]
	} else {
		prepared, err := c.PrepareContext(ctx, q.text)
		if err != nil {
			return nil, err
		}
		s = &liteStmt{Stmt: prepared, query: q}
	}
	s.args = s.args[:0]
	for place, i := range q.order {
		if i >= len(args) {
			s.drop()
			return nil, fmt.Errorf("database: $%d has no argument", i+1)
		}
		s.args = append(s.args, driver.NamedValue{Ordinal: place + 1, Value: args[i].Value})
	}
	return s, nil
}

func (c *liteConn) forget() {
	for text, q := range c.known {
		for _, s := range q.idle {
			s.drop()
		}
		q.idle = nil
		delete(c.known, text)
	}
}

// done keeps a statement that ended well. One that failed is prepared anew the next time, and so is one whose query was forgotten.
func (c *liteConn) done(text string, s *liteStmt, err error) {
	clear(s.args)
	if err != nil || c.known[text] != s.query {
		s.drop()
		return
	}
	s.query.idle = append(s.query.idle, s)
}

// ExecContext runs a statement.
func (c *liteConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	tellWatcher(ctx, text)
	s, err := c.statement(ctx, text, args)
	if err != nil {
		return nil, err
	}
	result, err := s.Stmt.(driver.StmtExecContext).ExecContext(ctx, s.args)
	c.done(text, s, err)
	return result, err
}

// QueryContext runs a query, whose statement is kept when its rows are closed.
func (c *liteConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	tellWatcher(ctx, text)
	s, err := c.statement(ctx, text, args)
	if err != nil {
		return nil, err
	}
	rows, err := s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, s.args)
	if err != nil {
		c.done(text, s, err)
		return nil, err
	}
	return &liteRows{Rows: rows, conn: c, text: text, stmt: s}, nil
}

// Close closes the statements and the connection.
func (c *liteConn) Close() error {
	c.forget()
	return c.liteInner.Close()
}

type liteRows struct {
	driver.Rows
	conn *liteConn
	text string
	stmt *liteStmt
}

func (r *liteRows) Close() error {
	err := r.Rows.Close()
	if r.stmt != nil {
		r.conn.done(r.text, r.stmt, err)
		r.stmt = nil
	}
	return err
}

// positional writes a query with a bare ? for each $n outside of quotes and comments, and returns which argument, from 0,
// goes to each place. A query with no $n stays as it is.
func positional(text string) (string, []int) {
	if !strings.Contains(text, "$") {
		return text, nil
	}
	var b strings.Builder
	var order []int
	for i := 0; i < len(text); {
		end := i + 1
		switch c := text[i]; {
		case c == '\'' || c == '"' || c == '`':
			if n := strings.IndexByte(text[i+1:], c); n >= 0 {
				end = i + 1 + n + 1
			} else {
				end = len(text)
			}
		case strings.HasPrefix(text[i:], "--"):
			end = i + after(text[i:], "\n")
		case strings.HasPrefix(text[i:], "/*"):
			end = i + after(text[i:], "*/")
		case c == '$':
			for end < len(text) && text[end] >= '0' && text[end] <= '9' {
				end++
			}
			if n, err := strconv.Atoi(text[i+1 : end]); err == nil && n > 0 {
				b.WriteByte('?')
				order = append(order, n-1)
				i = end
				continue
			}
		}
		b.WriteString(text[i:end])
		i = end
	}
	return b.String(), order
}

// after is the index behind the first mark in s, or the end of s.
func after(s, mark string) int {
	if n := strings.Index(s, mark); n >= 0 {
		return n + len(mark)
	}
	return len(s)
}
