//! What a person loses with each profile, for people.

use super::spell;
use crate::output::Paint;
use control::loss::{Loss, RunningApp};
use std::fmt::Write;

/// For people; `hold_seconds`: how long it is kept.
pub(crate) fn loss_text(loss: &Loss, hold_seconds: u64, paint: Paint) -> String {
    let Loss { team, profile, domain, .. } = loss;
    let mut out = format!("{} {team}  profile {profile} in {domain}", paint.red("-"));
    if let Some(team) = &loss.stays_for {
        let _ = write!(out, "\n  the profile stays as it is: the map does not enforce {team}");
        return out;
    }
    for app in &loss.apps {
        let _ = write!(out, "\n  stops {}", app_text(app));
    }
    if let Some(next) = &loss.goes_on {
        let _ =
            write!(out, "\n  the profile goes on for {next}, with its spaces and home directory");
        return out;
    }
    let when = match hold_seconds {
        0 => "deleted as soon as its apps have stopped".to_owned(),
        seconds => format!("deleted when {} of hold are over", spell(seconds)),
    };
    for space in &loss.spaces {
        let volume = volume(space.volume_gib);
        let _ = if space.shared {
            write!(out, "\n  shared space {}{volume}: others work in it", space.space)
        } else {
            write!(out, "\n  space {}{volume}: {when}", space.space)
        };
    }
    let _ = write!(out, "\n  the profile: {when}");
    if let Some(uid) = &loss.home_efs_uid {
        let place = loss.home_efs_file_system.as_deref();
        let place = place.map_or(String::new(), |place| format!(" on {place}"));
        let _ = write!(out, "\n  home directory: kept, uid {uid}{place}");
    }
    out
}

fn app_text(app: &RunningApp) -> String {
    let mut out = format!("{}/{}", app.app_type, app.app_name);
    if let Some(space) = &app.space {
        let _ = write!(out, " of space {space}");
    }
    if let Some(instance_type) = &app.instance_type {
        let _ = write!(out, ", {instance_type}");
    }
    if let Some(hours) = &app.hours {
        let _ = write!(out, ", running for {hours}");
    }
    out
}

pub(super) fn volume(gib: Option<u32>) -> String {
    gib.map_or(String::new(), |gib| format!(" with a volume of {gib} GiB"))
}
