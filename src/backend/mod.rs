//! The typed client of the app backend's REST API.
