module the-mesh.dev/bot

go 1.27
