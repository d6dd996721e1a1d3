package database

import "context"

type watchKey struct{}

// Watched returns a context with which every statement that is sent to SQLite is told to seen, in order, from whatever goroutine sends it. It
// is for tests that compare what two calls do; nothing else may decide by it.
func Watched(ctx context.Context, seen func(query string)) context.Context {
	return context.WithValue(ctx, watchKey{}, seen)
}

func tellWatcher(ctx context.Context, query string) {
	if seen, ok := ctx.Value(watchKey{}).(func(string)); ok {
		seen(query)
	}
}
