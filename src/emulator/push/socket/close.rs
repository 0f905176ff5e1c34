//! Why the service closes a device's socket, with autopush's codes and words.

/// A cause, which stands in the close frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Close {
    /// A frame that has no place here: not `hello` first, a second one, a bad channel, a flood of
    /// pings; or the device opened another socket.
    OutOfPlace,
    /// Not a frame of the protocol.
    Unreadable,
    /// No `hello` in time.
    NoHello,
    /// No pong in time.
    NoPong,
    /// A binary frame.
    Binary,
    /// A frame larger than is ever needed.
    TooLarge,
    /// The service is ending.
    GoingAway,
    /// The service has a fault of its own.
    Failed,
}

impl Close {
    pub(super) fn code(self) -> u16 {
        match self {
            Self::GoingAway => 1001,
            Self::Binary => 1003,
            Self::TooLarge => 1009,
            Self::OutOfPlace | Self::Unreadable | Self::NoHello | Self::NoPong | Self::Failed => {
                1011
            }
        }
    }

    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::OutOfPlace => "SM",
            Self::Unreadable => "Json",
            Self::NoHello => "HandshakeTimeout",
            Self::NoPong => "PongTimeout",
            Self::Binary => "UnsupportedMessage",
            Self::TooLarge => "MessageTooLarge",
            Self::GoingAway => "GoingAway",
            Self::Failed => "Internal",
        }
    }
}
