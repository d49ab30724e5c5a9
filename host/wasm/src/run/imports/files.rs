use super::{
    super::{
        convert,
        guest::{Answer, Guest},
    },
    messages::id,
};
use crate::{
    bindings::{
        files::{File, FilePage, Host, HostReader, HostWriter, PageRequest},
        types::Error,
    },
    files::{FileReader, FileWriter},
};
use mesh_service::{
    file::{DeleteFile, DownloadFile, FileIn, GetFile, ListFiles, ListFilesIn, UploadFile, UploadFileIn},
    operation,
};
use mesh_types::{RoomId, limits, view};
use wasmtime::component::Resource;

impl Host for Guest {
    async fn list(&mut self, room: String, page: PageRequest) -> Answer<FilePage> {
        let (limit, cursor) = convert::page(page);
        let input = ListFilesIn {
            room_id: id!(&room),
            kind: None,
            uploaded_by: None,
            limit,
            cursor,
        };
        Ok(self.call::<ListFiles>(input).await?.map(|page| FilePage {
            files: page.items.into_iter().map(file).collect(),
            next_cursor: page.next_cursor,
        }))
    }

    async fn get(&mut self, file_id: String) -> Answer<File> {
        let file_id = id!(&file_id);
        Ok(self.call::<GetFile>(FileIn { file_id }).await?.map(file))
    }

    async fn download(&mut self, file_id: String) -> Answer<Resource<FileReader>> {
        let file_id = id!(&file_id);
        match self.call::<DownloadFile>(FileIn { file_id }).await? {
            Ok(found) => Ok(self.keep(FileReader::new(&found.file))),
            Err(error) => Ok(Err(error)),
        }
    }

    /// Decides before the first byte comes, and again when the file is made.
    async fn upload(&mut self, room: String, name: String) -> Answer<Resource<FileWriter>> {
        let room: RoomId = id!(&room);
        self.spend_host_call()?;
        let Some(op) = operation("file.upload") else {
            return Err(wasmtime::Error::msg("there is no file.upload"));
        };
        let envelope = self.envelope();
        let fields = serde_json::to_vec(&serde_json::json!({ "room_id": room }))?;
        if let Err(error) = (op.authorize)(self.host.clone(), envelope, fields.into()).await {
            return Ok(Err(convert::error(error)));
        }
        match self.host.settings.blobs.receive().await {
            Ok(incoming) => Ok(self.keep(FileWriter::new(room, name, incoming))),
            Err(error) => Ok(Err(convert::error(error))),
        }
    }

    async fn delete(&mut self, file_id: String) -> Answer<()> {
        let file_id = id!(&file_id);
        Ok(self.call::<DeleteFile>(FileIn { file_id }).await?.map(drop))
    }
}

impl HostReader for Guest {
    async fn read(&mut self, reader: Resource<FileReader>, most: u32) -> Answer<Vec<u8>> {
        self.spend_host_call()?;
        let blobs = self.host.settings.blobs.clone();
        let reader = self.table().get_mut(&reader)?;
        Ok(reader.read(&blobs, most).await.map_err(convert::error))
    }

    async fn drop(&mut self, reader: Resource<FileReader>) -> wasmtime::Result<()> {
        self.table().delete(reader)?;
        Ok(())
    }
}

impl HostWriter for Guest {
    async fn write(&mut self, writer: Resource<FileWriter>, bytes: Vec<u8>) -> Answer<()> {
        self.spend_host_call()?;
        let writer = self.table().get_mut(&writer)?;
        Ok(writer.write(bytes, limits::FILE).await.map_err(convert::error))
    }

    async fn finish(&mut self, writer: Resource<FileWriter>) -> Answer<File> {
        let finished = self.table().get_mut(&writer)?.finish().await;
        let (room, name, stored) = match finished {
            Ok(finished) => finished,
            Err(error) => return Ok(Err(convert::error(error))),
        };
        let input = UploadFileIn::of(room, name, stored);
        Ok(self.call::<UploadFile>(input).await?.map(file))
    }

    async fn drop(&mut self, writer: Resource<FileWriter>) -> wasmtime::Result<()> {
        self.table().delete(writer)?;
        Ok(())
    }
}

impl Guest {
    /// Hands something over that the bot gives back.
    fn keep<T: Send + 'static>(&mut self, what: T) -> Result<Resource<T>, Error> {
        let kept = self.table().push(what);
        kept.map_err(|_| Error::Unavailable("The bot holds too many handles.".into()))
    }
}

fn file(file: view::File) -> File {
    File {
        id: file.id.to_string(),
        room_id: file.room_id.to_string(),
        name: file.name,
        media_type: file.media_type,
        size: convert::whole(file.size),
        created_at: convert::time(file.created_at),
    }
}
