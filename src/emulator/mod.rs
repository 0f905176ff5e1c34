//! The embedded services: app backend, hub and push services.
