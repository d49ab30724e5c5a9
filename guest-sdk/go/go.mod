module the-mesh.dev/bot

go 1.27

// What is generated or from elsewhere stays as it is: `go fmt ./...` and `go vet ./...` leave it out.
ignore (
	./internal/wit
	./third_party
)
