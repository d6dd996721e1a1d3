package outbox

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/localgovdigital/folkmoot/services/internal/database"
)

// AppendAll adds events to a topic in the transaction of the facts, in order, with few statements.
func AppendAll(ctx context.Context, tx *sql.Tx, topic string, payloads [][]byte) error {
	if len(payloads) == 0 {
		return nil
	}
	var position, epoch int64
	if err := tx.QueryRowContext(ctx, `
		SELECT COALESCE(MAX(position), 0), COALESCE((SELECT epoch FROM outbox_epoch WHERE one = 1), 1) FROM outbox WHERE topic = $1`,
		topic).Scan(&position, &epoch); err != nil {
		return fmt.Errorf("outbox: next position: %w", err)
	}
	args := make([]any, 0, 4*len(payloads))
	for i, p := range payloads {
		args = append(args, topic, position+1+int64(i), epoch, p)
	}
	if err := database.InsertRows(ctx, tx, `INSERT INTO outbox (topic, position, epoch, payload)`, 4, args); err != nil {
		return database.StaleKey(fmt.Errorf("outbox: append: %w", err))
	}
	return nil
}
