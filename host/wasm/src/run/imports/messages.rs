use super::super::{
    convert,
    guest::{Answer, Guest},
};
use crate::bindings::{
    messages::{Change, Host, Message, MessagePage, NewMessage, PageRequest, Thread, ThreadPage},
    types::Error,
};
use mesh_service::message::{
    ActOnMessage, ActOnMessageIn, AddReaction, AppendToMessage, AppendToMessageIn, DeleteMessage, EditMessage,
    EditMessageIn, GetMessage, GetThread, ListMessages, ListMessagesIn, ListThreads, ListThreadsIn, MessageIn,
    PostMessage, PostMessageIn, ReactionIn, RemoveReaction, ThreadIn, ThreadReplies, ThreadRepliesIn,
};

/// Goes on with an id, or answers that it is none.
macro_rules! id {
    ($text:expr) => {
        match Guest::id($text) {
            Ok(id) => id,
            Err(error) => return Ok(Err(error)),
        }
    };
}
pub(crate) use id;

impl Guest {
    fn messages(&self, page: mesh_service::Page<mesh_types::view::Message>) -> MessagePage {
        let messages = page
            .items
            .into_iter()
            .map(|message| convert::message(message, &self.handle))
            .collect();
        MessagePage {
            messages,
            next_cursor: page.next_cursor,
        }
    }
}

impl Host for Guest {
    async fn post(&mut self, message: NewMessage) -> Answer<Message> {
        let room_id = id!(&message.room);
        let thread_id = match message.thread.as_deref().map(Guest::id).transpose() {
            Ok(id) => id,
            Err(error) => return Ok(Err(error)),
        };
        let reply_to = match message.reply_to.as_deref().map(Guest::id).transpose() {
            Ok(id) => id,
            Err(error) => return Ok(Err(error)),
        };
        let file_ids = match message.files.iter().map(|file| Guest::id(file)).collect() {
            Ok(ids) => ids,
            Err(error) => return Ok(Err(error)),
        };
        let actions = match convert::actions(message.actions) {
            Ok(actions) => actions,
            Err(error) => return Ok(Err(error)),
        };
        let input = PostMessageIn {
            streaming: message.streaming,
            actions,
            file_ids,
            room_id,
            text: message.text,
            thread_id,
            reply_to,
        };
        let posted = self.call::<PostMessage>(input).await?;
        Ok(posted.map(|message| convert::message(message, &self.handle)))
    }

    async fn get(&mut self, message: String) -> Answer<Message> {
        let found = self
            .call::<GetMessage>(MessageIn {
                message_id: id!(&message),
            })
            .await?;
        Ok(found.map(|message| convert::message(message, &self.handle)))
    }

    async fn list(&mut self, room: String, page: PageRequest) -> Answer<MessagePage> {
        let (limit, cursor) = convert::page(page);
        let input = ListMessagesIn {
            room_id: id!(&room),
            before: None,
            after: None,
            limit,
            cursor,
        };
        let found = self.call::<ListMessages>(input).await?;
        Ok(found.map(|page| self.messages(page)))
    }

    async fn edit(&mut self, message: String, change: Change) -> Answer<Message> {
        let actions = match change.actions.map(convert::actions).transpose() {
            Ok(actions) => actions,
            Err(error) => return Ok(Err(error)),
        };
        let edited = self
            .call::<EditMessage>(EditMessageIn {
                message_id: id!(&message),
                text: change.text,
                actions,
            })
            .await?;
        Ok(edited.map(|message| convert::message(message, &self.handle)))
    }

    async fn delete(&mut self, message: String) -> Answer<()> {
        Ok(self
            .call::<DeleteMessage>(MessageIn {
                message_id: id!(&message),
            })
            .await?
            .map(drop))
    }

    async fn thread_list(&mut self, room: String, page: PageRequest) -> Answer<ThreadPage> {
        let (limit, cursor) = convert::page(page);
        let found = self
            .call::<ListThreads>(ListThreadsIn {
                room_id: id!(&room),
                limit,
                cursor,
            })
            .await?;
        Ok(found.map(|page| ThreadPage {
            threads: page.items.into_iter().map(convert::thread).collect(),
            next_cursor: page.next_cursor,
        }))
    }

    async fn thread_get(&mut self, thread: String) -> Answer<Thread> {
        Ok(self
            .call::<GetThread>(ThreadIn {
                thread_id: id!(&thread),
            })
            .await?
            .map(convert::thread))
    }

    async fn thread_replies(&mut self, thread: String, page: PageRequest) -> Answer<MessagePage> {
        let (limit, cursor) = convert::page(page);
        let found = self
            .call::<ThreadReplies>(ThreadRepliesIn {
                thread_id: id!(&thread),
                limit,
                cursor,
            })
            .await?;
        Ok(found.map(|page| self.messages(page)))
    }

    async fn reaction_add(&mut self, message: String, emoji: String) -> wasmtime::Result<Result<(), Error>> {
        Ok(self
            .call::<AddReaction>(ReactionIn {
                message_id: id!(&message),
                emoji,
            })
            .await?
            .map(drop))
    }

    async fn reaction_remove(&mut self, message: String, emoji: String) -> wasmtime::Result<Result<(), Error>> {
        Ok(self
            .call::<RemoveReaction>(ReactionIn {
                message_id: id!(&message),
                emoji,
            })
            .await?
            .map(drop))
    }

    /// Where it begins says whether it was done before, also for whoever writes the same text in other pieces.
    async fn append(&mut self, message: String, offset: u64, text: String, last: bool) -> Answer<u64> {
        let input = AppendToMessageIn {
            message_id: id!(&message),
            text,
            offset: Some(offset),
            last,
        };
        let appended = self.call_again::<AppendToMessage>(input).await?;
        Ok(appended.map(|appended| appended.length))
    }

    async fn act(&mut self, message: String, action: String, values: Option<String>) -> Answer<()> {
        let values = match values.as_deref().map(serde_json::from_str).transpose() {
            Ok(values) => values,
            Err(error) => return Ok(Err(Error::Invalid(format!("values: {error}")))),
        };
        let input = ActOnMessageIn {
            message_id: id!(&message),
            action_id: action,
            values,
        };
        Ok(self.call::<ActOnMessage>(input).await?.map(drop))
    }
}
