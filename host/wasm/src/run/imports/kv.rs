use super::super::{
    convert,
    guest::{Answer, Guest},
};
use crate::bindings::{
    kv::{Entry, EntryPage, Host, PageRequest, Value},
    types::Error,
};
use mesh_service::kv::{DeleteValue, GetValue, KeyIn, ListKeys, ListKeysIn, PutValue, PutValueIn};

impl Host for Guest {
    async fn get(&mut self, key: String) -> Answer<Option<Value>> {
        let found = self.call::<GetValue>(KeyIn { bot_id: self.bot, key }).await?;
        Ok(match found {
            Ok(value) => Ok(Some(Value {
                bytes: value.value.into(),
                version: convert::whole(value.version),
            })),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        })
    }

    async fn put(&mut self, key: String, bytes: Vec<u8>, expected: Option<u64>) -> Answer<u64> {
        let expected = expected.map(|version| i64::try_from(version).unwrap_or(i64::MAX));
        let input = PutValueIn {
            bot_id: self.bot,
            key,
            expected,
            expires_in_s: None,
            value: bytes.into(),
        };
        Ok(self
            .call::<PutValue>(input)
            .await?
            .map(|put| convert::whole(put.version)))
    }

    async fn delete(&mut self, key: String) -> Answer<bool> {
        let deleted = self.call::<DeleteValue>(KeyIn { bot_id: self.bot, key }).await?;
        Ok(deleted.map(|answer| answer.deleted))
    }

    async fn list(&mut self, prefix: String, page: PageRequest) -> Answer<EntryPage> {
        let (limit, cursor) = convert::page(page);
        let input = ListKeysIn {
            bot_id: self.bot,
            prefix: Some(prefix),
            limit,
            cursor,
        };
        Ok(self.call::<ListKeys>(input).await?.map(|page| EntryPage {
            entries: page
                .items
                .into_iter()
                .map(|key| Entry {
                    key: key.key,
                    size: u32::try_from(key.size).unwrap_or(u32::MAX),
                    version: convert::whole(key.version),
                })
                .collect(),
            next_cursor: page.next_cursor,
        }))
    }
}
