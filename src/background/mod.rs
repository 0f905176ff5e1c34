//! The background-task runtime: task registration, triggers, instances with deferrals and a budget, and the inbox.
