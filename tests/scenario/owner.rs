//! A device has one owner at a time.

use handset::device::{Device, DeviceError, DeviceOptions, FolderError, Vaults};
use handset::lab::{Lab, LabError};
use handset::model::DeviceName;
use handset::store::Location;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_phones_are_never_one_device() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    let taken = phone.folder().lock().unwrap_err();
    assert!(
        matches!(taken, FolderError::Taken { owner: Some(pid), .. } if pid == std::process::id())
    );
    let again = lab.resume("phone").await.unwrap_err();
    let LabError::Device(error) = again else {
        panic!("{again}");
    };
    assert!(
        matches!(*error, DeviceError::Folder(FolderError::Taken { .. })),
        "{error}"
    );
    let twin = lab.device("phone").start().await.unwrap_err();
    assert!(matches!(twin, LabError::NameTaken(_)), "{twin}");

    // Who minds no lock still cannot have the database.
    let location = Location::File(phone.folder().database());
    let options = DeviceOptions::new(DeviceName::default(), location, Vaults::memory());
    assert!(matches!(
        Device::open(options).await,
        Err(DeviceError::Store(_))
    ));

    let folder = phone.folder().clone();
    phone.kill();
    drop(folder.lock().unwrap());
    lab.finish().await.unwrap();
}
