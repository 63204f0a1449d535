//! A table: rows by id, ids never used twice.

/// Rows in the order of their ids.
#[derive(Debug)]
pub(crate) struct Table<T> {
    rows: Vec<Option<T>>,
    len: usize,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), len: 0 }
    }
}

impl<T> Table<T> {
    /// The next id. An insert that the database refuses has used its id up all the same.
    pub(crate) fn reserve(&mut self) -> u64 {
        self.rows.push(None);
        self.rows.len() as u64
    }

    pub(crate) fn put(&mut self, id: u64, row: T) {
        if let Some(slot) = at(id).and_then(|at| self.rows.get_mut(at)) {
            if slot.is_none() {
                self.len += 1;
            }
            *slot = Some(row);
        }
    }

    pub(crate) fn get(&self, id: u64) -> Option<&T> {
        self.rows.get(at(id)?)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut T> {
        self.rows.get_mut(at(id)?)?.as_mut()
    }

    pub(crate) fn remove(&mut self, id: u64) -> Option<T> {
        let row = self.rows.get_mut(at(id)?)?.take();
        if row.is_some() {
            self.len -= 1;
        }
        row
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.rows.iter().flatten()
    }

    pub(crate) fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut T> {
        self.rows.iter_mut().flatten()
    }

    pub(crate) fn ids(&self) -> impl DoubleEndedIterator<Item = u64> {
        (1..=self.rows.len()).filter(|id| self.rows.get(id - 1).is_some_and(Option::is_some)).map(|id| id as u64)
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

fn at(id: u64) -> Option<usize> {
    usize::try_from(id).ok()?.checked_sub(1)
}
