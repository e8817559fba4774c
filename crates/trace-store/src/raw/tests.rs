//! What a fork does to a recording. Here because forking is unsafe.

use crate::{Base, Metadata, Recording, Writer, WriterOptions};

fn descriptors_above(lowest: i32) -> Vec<i32> {
    let mut found: Vec<i32> = std::fs::read_dir("/dev/fd")
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok())
        .filter(|fd| *fd >= lowest)
        .collect();
    found.sort_unstable();
    found
}

#[test]
fn a_forked_child_leaves_the_recording_to_its_parent() {
    let dir = std::env::temp_dir().join(format!("trace-store-fork-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir(&dir).unwrap();
    let mut options = WriterOptions::new(dir.join("out"), "r1", "t1");
    options.copy_sources = false;
    let writer = Writer::create(options).unwrap();
    let held = writer.segment(0, Base::default()).unwrap();
    writer.hand_over(writer.segment(1, Base::default()).unwrap());
    writer.flush().unwrap();
    writer.pause();
    assert_eq!(descriptors_above(512).len(), 2);
    // SAFETY: the child only calls what is made for it and system calls, and leaves by `_exit`.
    let child = unsafe { libc::fork() };
    if child == 0 {
        drop(held);
        writer.abandon_in_child();
        let open = descriptors_above(512).len();
        let refused = writer.segment(0, Base::default()).is_err();
        drop(writer);
        // SAFETY: takes a number and does not return.
        unsafe { libc::_exit(if open == 0 && refused { 0 } else { 1 }) };
    }
    let mut status = -1;
    // SAFETY: the status is ours.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0);
    let segments = vec![held];
    let committed = writer.finish(segments, Metadata::default()).unwrap();
    assert!(Recording::open(committed.dir).is_ok());
    std::fs::remove_dir_all(&dir).unwrap();
}
