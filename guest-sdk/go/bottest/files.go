package bottest

import (
	"slices"
	"strings"

	"the-mesh.dev/bot"
)

// file is a file of a room.
type file struct {
	bot.File
	content []byte
	// mine says that the bot uploaded it.
	mine bool
	// shown says that a message came with it.
	shown bool
}

func (w *world) addFile(room, name string, content []byte) bot.File {
	defer w.lock()()
	return w.newFile(room, name, content, false)
}

func (w *world) newFile(room, name string, content []byte, mine bool) bot.File {
	made := &file{
		File: bot.File{
			ID:        w.id("file"),
			RoomID:    room,
			Name:      name,
			MediaType: mediaType(content),
			Size:      int64(len(content)),
		},
		content: content,
		mine:    mine,
		shown:   !mine,
	}
	made.CreatedAt = w.now()
	w.files = append(w.files, made)
	return made.File
}

// mediaType knows a few of the types that the mesh knows.
func mediaType(content []byte) string {
	for magic, name := range map[string]string{
		"\x89PNG\r\n\x1a\n": "image/png", "\xff\xd8\xff": "image/jpeg", "GIF8": "image/gif", "%PDF-": "application/pdf",
	} {
		if strings.HasPrefix(string(content), magic) {
			return name
		}
	}
	return "application/octet-stream"
}

func (w *world) content(id string) ([]byte, error) {
	defer w.lock()()
	found, err := w.findFile(id)
	if err != nil {
		return nil, err
	}
	return slices.Clone(found.content), nil
}

func (w *world) findFile(id string) (*file, error) {
	for _, known := range w.files {
		if known.ID == id {
			return known, nil
		}
	}
	return nil, &bot.NotFoundError{What: id}
}

// show lets files come along with a message.
func (w *world) show(room string, ids []string) ([]bot.Attachment, error) {
	var shown []*file
	for _, id := range ids {
		found, err := w.findFile(id)
		if err != nil {
			return nil, err
		}
		if !found.mine || found.shown || found.RoomID != room || slices.Contains(shown, found) {
			return nil, &bot.InvalidError{Why: "`" + id + "` is no file of this bot in this room that no message shows yet"}
		}
		shown = append(shown, found)
	}
	var attachments []bot.Attachment
	for _, found := range shown {
		found.shown = true
		attachments = append(attachments, bot.Attachment{
			ID: found.ID, Name: found.Name, MediaType: found.MediaType, Size: found.Size,
		})
	}
	return attachments, nil
}

// hide takes a file off the message that shows it. Copies of that message keep it.
func (w *world) hide(id string) {
	for _, message := range w.messages {
		message.Files = slices.DeleteFunc(slices.Clone(message.Files), func(shown bot.Attachment) bool {
			return shown.ID == id
		})
	}
}

func (w *world) FileList(room string, page bot.PageRequest) (bot.Page[bot.File], error) {
	defer w.lock()()
	if err := w.permit("file.read"); err != nil {
		return bot.Page[bot.File]{}, err
	}
	var found []bot.File
	for _, known := range slices.Backward(w.files) {
		if known.RoomID == room {
			found = append(found, known.File)
		}
	}
	return paged(found, page)
}

func (w *world) FileGet(id string) (bot.File, error) {
	defer w.lock()()
	if err := w.permit("file.read"); err != nil {
		return bot.File{}, err
	}
	found, err := w.findFile(id)
	if err != nil {
		return bot.File{}, err
	}
	return found.File, nil
}

func (w *world) FileDelete(id string) error {
	defer w.lock()()
	if err := w.permit("file.manage"); err != nil {
		return err
	}
	found, err := w.findFile(id)
	if err != nil {
		return err
	}
	w.files = slices.DeleteFunc(w.files, func(known *file) bool { return known == found })
	w.hide(id)
	return nil
}

func (w *world) FileDownload(id string) (bot.FileSource, error) {
	defer w.lock()()
	if err := w.permit("file.read"); err != nil {
		return nil, err
	}
	found, err := w.findFile(id)
	if err != nil {
		return nil, err
	}
	return &download{found.content}, nil
}

type download struct{ rest []byte }

func (d *download) Read(most int) ([]byte, error) {
	next := d.rest[:min(most, len(d.rest))]
	d.rest = d.rest[len(next):]
	return slices.Clone(next), nil
}

func (d *download) Drop() {}

func (w *world) FileUpload(room, name string) (bot.FileTarget, error) {
	defer w.lock()()
	if err := w.permit("file.upload"); err != nil {
		return nil, err
	}
	if _, err := w.inside(room); err != nil {
		return nil, err
	}
	return &upload{world: w, room: room, name: name}, nil
}

type upload struct {
	world      *world
	room, name string
	content    []byte
	finished   bool
}

var errFinished = &bot.ConflictError{Why: "the file is finished"}

func (u *upload) Write(bytes []byte) error {
	if u.finished {
		return errFinished
	}
	u.content = append(u.content, bytes...)
	return nil
}

func (u *upload) Finish() (bot.File, error) {
	if u.finished {
		return bot.File{}, errFinished
	}
	u.finished = true
	defer u.world.lock()()
	return u.world.newFile(u.room, u.name, u.content, true), nil
}

func (u *upload) Drop() {}
