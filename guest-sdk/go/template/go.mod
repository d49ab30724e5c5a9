module my-bot

go 1.27

require the-mesh.dev/bot v0.0.0

replace the-mesh.dev/bot => ./sdk
