package bot

import "iter"

// PageSize is how many items of a list come with one call, 1 to 200; the mesh gives 50 when nothing is said. Fewer are
// cheaper when only the first few are wanted.
type PageSize int

// PageRequest asks for one page of a list.
type PageRequest struct {
	// Cursor is Next of the page before; empty for the first page.
	Cursor string
	// Limit is 1 to 200; 0 means 50.
	Limit int
}

// Page is a part of a list.
type Page[T any] struct {
	Items []T
	// Next asks for the page after this one; empty at the end.
	Next string
}

// Collect walks through a list to its end. It stops at the first error, and gives what it has until then.
func Collect[T any](list iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for item, err := range list {
		if err != nil {
			return all, err
		}
		all = append(all, item)
	}
	return all, nil
}

// pages walks through a list, fetching each page when it is reached. An error ends it.
func pages[T any](size []PageSize, fetch func(PageRequest) (Page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var request PageRequest
		for _, items := range size {
			request.Limit = int(items)
		}
		for {
			page, err := fetch(request)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			request.Cursor = page.Next
		}
	}
}

// jsonPages walks through a list whose pages are JSON documents.
func jsonPages[T any](size []PageSize, what string, fetch func(PageRequest) (string, error)) iter.Seq2[T, error] {
	return pages(size, func(request PageRequest) (Page[T], error) {
		answer, err := fetch(request)
		if err != nil {
			return Page[T]{}, err
		}
		page, err := parse[struct {
			Items []T    `json:"items"`
			Next  string `json:"next_cursor"`
		}](what, []byte(answer))
		return Page[T]{page.Items, page.Next}, err
	})
}
