//! The tester's facade: services, devices and assertions.
