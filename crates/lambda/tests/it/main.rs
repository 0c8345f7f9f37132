//! The queue with reminders, over the real store.

#[cfg(test)]
mod reminding;
