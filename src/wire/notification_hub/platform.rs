//! The platforms that a hub knows, and the addresses of devices on them.

use std::fmt;

use crate::model::Platform;

/// A platform of a hub. There are more than [`Platform`] has: the others are registered and listed,
/// and have no embedded push service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HubPlatform {
    /// WNS.
    Windows,
    /// APNs.
    Apple,
    /// FCM HTTP v1.
    FcmV1,
    /// FCM's legacy API, which Google switched off in 2024; SDKs still have it.
    Gcm,
    /// Web Push.
    Browser,
    /// Amazon Device Messaging.
    Adm,
    /// Baidu.
    Baidu,
    /// Xiaomi.
    Xiaomi,
    /// MPNS, of Windows Phone 7 and 8.
    WindowsPhone,
}

impl HubPlatform {
    /// Every platform.
    pub const ALL: [Self; 9] = [
        Self::Windows,
        Self::Apple,
        Self::FcmV1,
        Self::Gcm,
        Self::Browser,
        Self::Adm,
        Self::Baidu,
        Self::Xiaomi,
        Self::WindowsPhone,
    ];

    /// The name in `ServiceBusNotification-Format`.
    #[must_use]
    pub fn format_name(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Apple => "apple",
            Self::FcmV1 => "fcmv1",
            Self::Gcm => "gcm",
            Self::Browser => "browser",
            Self::Adm => "adm",
            Self::Baidu => "baidu",
            Self::Xiaomi => "xiaomi",
            Self::WindowsPhone => "windowsphone",
        }
    }

    /// Reads the name in `ServiceBusNotification-Format`, in any case.
    #[must_use]
    pub fn from_format_name(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|platform| platform.format_name().eq_ignore_ascii_case(name))
    }

    /// The name in an installation's `platform`.
    #[must_use]
    pub fn installation_name(self) -> &'static str {
        match self {
            Self::Windows => "wns",
            Self::Apple => "apns",
            Self::FcmV1 => "fcmV1",
            Self::Gcm => "gcm",
            Self::Browser => "browser",
            Self::Adm => "adm",
            Self::Baidu => "baidu",
            Self::Xiaomi => "xiaomi",
            Self::WindowsPhone => "mpns",
        }
    }

    /// Reads the name in an installation's `platform`, in any case.
    #[must_use]
    pub fn from_installation_name(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|platform| platform.installation_name().eq_ignore_ascii_case(name))
    }

    /// The embedded push service that delivers it, where there is one.
    #[must_use]
    pub fn embedded(self) -> Option<Platform> {
        match self {
            Self::Windows => Some(Platform::Wns),
            Self::Apple => Some(Platform::Apns),
            Self::FcmV1 | Self::Gcm => Some(Platform::Fcm),
            Self::Browser => Some(Platform::WebPush),
            Self::Adm | Self::Baidu | Self::Xiaomi | Self::WindowsPhone => None,
        }
    }
}

impl From<Platform> for HubPlatform {
    fn from(platform: Platform) -> Self {
        match platform {
            Platform::Wns => Self::Windows,
            Platform::Apns => Self::Apple,
            Platform::Fcm => Self::FcmV1,
            Platform::WebPush => Self::Browser,
        }
    }
}

impl fmt::Display for HubPlatform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.format_name())
    }
}

/// What a send is written in: one platform's own form, or properties for templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// A platform's own form: it reaches native registrations of that platform.
    Native(HubPlatform),
    /// Properties: they reach every platform's template registrations.
    Template,
}

impl Format {
    /// The name in `ServiceBusNotification-Format`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Native(platform) => platform.format_name(),
            Self::Template => "template",
        }
    }

    /// Reads the name in `ServiceBusNotification-Format`, in any case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("template") {
            return Some(Self::Template);
        }
        HubPlatform::from_format_name(name).map(Self::Native)
    }
}
