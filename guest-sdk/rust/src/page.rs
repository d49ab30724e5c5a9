use crate::{Result, raw::mesh::bot::types::PageRequest};
use std::vec;

type Fetch<'a, T> = Box<dyn Fn(&PageRequest) -> Result<(Vec<T>, Option<String>)> + 'a>;

/// A list that the mesh gives in pages, fetched as it is walked through.
///
/// ```
/// # use mesh_bot::{Mesh, Result};
/// fn names(mesh: &Mesh) -> Result<Vec<String>> {
///     mesh.members().list().map(|member| Ok(member?.actor.name)).collect()
/// }
/// ```
///
/// An error ends it. Each page counts as one call; [`Pages::limit`] sets how much comes in each.
pub struct Pages<'a, T> {
    fetch: Fetch<'a, T>,
    page: vec::IntoIter<T>,
    next: Option<PageRequest>,
}

impl<'a, T> Pages<'a, T> {
    pub(crate) fn new(fetch: impl Fn(&PageRequest) -> Result<(Vec<T>, Option<String>)> + 'a) -> Self {
        Self {
            fetch: Box::new(fetch),
            page: Vec::new().into_iter(),
            next: Some(PageRequest {
                cursor: None,
                limit: None,
            }),
        }
    }

    /// How many a page has, 1 to 200. Fewer are cheaper when only the first few are wanted.
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        if let Some(next) = &mut self.next {
            next.limit = Some(limit);
        }
        self
    }

    fn turn(&mut self, request: &PageRequest) -> Result {
        let (page, cursor) = (self.fetch)(request)?;
        self.page = page.into_iter();
        self.next = cursor.map(|cursor| PageRequest {
            cursor: Some(cursor),
            limit: request.limit,
        });
        Ok(())
    }
}

impl<T> Iterator for Pages<'_, T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        loop {
            if let Some(item) = self.page.next() {
                return Some(Ok(item));
            }
            let request = self.next.take()?;
            if let Err(error) = self.turn(&request) {
                return Some(Err(error));
            }
        }
    }
}
