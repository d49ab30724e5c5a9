package bot

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"slices"
	"time"
)

// piece is how many bytes cross between bot and mesh at most at once.
const piece = 64 * 1024

// Files of rooms; see [Mesh]. They are moved in pieces: what one event may move is bounded by what may cross between bot
// and mesh, 4 MiB by default.
type Files struct{ host host }

// File is a file of a room.
type File struct {
	ID     string
	RoomID string
	Name   string
	// MediaType by its first bytes, such as image/png; never what somebody says it is.
	MediaType string
	Size      int64
	CreatedAt time.Time
}

// List gives the files of a room, newest first. Needs file.read.
func (s Files) List(room string, size ...PageSize) iter.Seq2[File, error] {
	return pages(size, func(page PageRequest) (Page[File], error) { return s.host.FileList(room, page) })
}

// Get describes a file. Needs file.read.
func (s Files) Get(file string) (File, error) { return s.host.FileGet(file) }

// Delete deletes a file. Needs file.manage.
func (s Files) Delete(file string) error { return s.host.FileDelete(file) }

// Open begins to download a file. Needs file.read.
func (s Files) Open(file string) (*FileReader, error) {
	source, err := s.host.FileDownload(file)
	if err != nil {
		return nil, err
	}
	return &FileReader{source}, nil
}

// Download gives all bytes of a file. Needs file.read.
func (s Files) Download(file string) ([]byte, error) {
	reader, err := s.Open(file)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	var all bytes.Buffer
	_, err = reader.WriteTo(&all)
	return all.Bytes(), err
}

// Create begins a file in a room. Nobody sees it before [FileWriter.Finish]. Needs file.upload.
func (s Files) Create(room, name string) (*FileWriter, error) {
	target, err := s.host.FileUpload(room, name)
	if err != nil {
		return nil, err
	}
	return &FileWriter{target}, nil
}

// Upload makes a file of everything that can be read. Name it in [Draft] to show it with a message. Needs file.upload.
func (s Files) Upload(room, name string, content io.Reader) (File, error) {
	writer, err := s.Create(room, name)
	if err != nil {
		return File{}, err
	}
	defer writer.Close()
	if _, err := io.CopyBuffer(writer, content, make([]byte, piece)); err != nil {
		return File{}, err
	}
	return writer.Finish()
}

// errClosed is what a reader or writer gives after Close.
var errClosed = errors.New("the file is closed")

// FileReader reads a file's bytes. It is an [io.ReadCloser] and an [io.WriterTo]. Each Read is one call of the mesh, of
// at most 64 KiB: read in large pieces.
type FileReader struct{ source fileSource }

// Read reads at most so many bytes as fit.
func (r *FileReader) Read(into []byte) (int, error) {
	if len(into) == 0 {
		return 0, nil
	}
	next, err := r.next(min(len(into), piece))
	return copy(into, next), err
}

// WriteTo writes the rest of the file, in pieces of 64 KiB.
func (r *FileReader) WriteTo(to io.Writer) (int64, error) {
	var total int64
	for {
		next, err := r.next(piece)
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
		written, err := to.Write(next)
		total += int64(written)
		if err != nil {
			return total, err
		}
	}
}

func (r *FileReader) next(most int) ([]byte, error) {
	if r.source == nil {
		return nil, errClosed
	}
	next, err := r.source.Read(most)
	if err == nil && len(next) == 0 {
		err = io.EOF
	}
	return next, err
}

// Close lets the mesh forget about the download.
func (r *FileReader) Close() error {
	if r.source != nil {
		r.source.Drop()
		r.source = nil
	}
	return nil
}

// FileWriter writes a file's bytes. It is an [io.WriteCloser]. Each Write is one call of the mesh for every 64 KiB:
// write in large pieces.
type FileWriter struct{ target fileTarget }

// Write adds bytes.
func (w *FileWriter) Write(bytes []byte) (int, error) {
	if w.target == nil {
		return 0, errClosed
	}
	written := 0
	for next := range slices.Chunk(bytes, piece) {
		if err := w.target.Write(next); err != nil {
			return written, err
		}
		written += len(next)
	}
	return written, nil
}

// Finish makes the file, and closes.
func (w *FileWriter) Finish() (File, error) {
	if w.target == nil {
		return File{}, errClosed
	}
	defer w.Close()
	return w.target.Finish()
}

// Close forgets what was written, unless it was finished.
func (w *FileWriter) Close() error {
	if w.target != nil {
		w.target.Drop()
		w.target = nil
	}
	return nil
}
