package translog

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"strings"

	"github.com/localgovdigital/folkmoot/services/internal/database"
)

// AppendAll adds a leaf for each content, in order, in the transaction of the facts, and returns the first one's index. It is
// [Append] for many facts at once; the salts come from the machine.
func AppendAll(ctx context.Context, tx *sql.Tx, contents [][]byte) (int64, error) {
	first, err := size(ctx, tx)
	if err != nil {
		return 0, err
	}
	for at := first; len(contents) > 0; {
		// As far as the tile goes that is being filled: a full one is stored before the next begins.
		part := contents[:min(int64(len(contents)), tileWidth-at%tileWidth)]
		contents = contents[len(part):]
		salts := make([]byte, SaltSize*len(part))
		if _, err := rand.Read(salts); err != nil {
			return 0, fmt.Errorf("translog: %w", err)
		}
		var b strings.Builder
		args := make([]any, 0, 4*len(part))
		for i, content := range part {
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "($%d, $%d, $%d, $%d)", 4*i+1, 4*i+2, 4*i+3, 4*i+4)
			salt := salts[SaltSize*i : SaltSize*(i+1)]
			args = append(args, at+int64(i), Commit(salt, content), salt, content)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO log_leaf (idx, data, salt, content) VALUES `+b.String(), args...); err != nil {
			return 0, database.StaleKey(fmt.Errorf("translog: append: %w", err))
		}
		at += int64(len(part))
		if err := complete(ctx, tx, at); err != nil {
			return 0, err
		}
	}
	return first, nil
}
