//! Campaigns through scenarios that somebody wrote.

use serde_json::{Value, json};

use super::campaign::Suspect;
use super::swarm::{self, MEMBERS, Shape};
use super::walk::Spice;
use crate::engine::World;
use crate::kernel::Stream;
use crate::protocol::ProtocolKind;
use crate::scenario::Scenario;

/// A suspect in given scenarios in the place of drawn ones.
pub struct Given<'s> {
    suspect: &'s dyn Suspect,
    protocols: Vec<ProtocolKind>,
    scenarios: Vec<Scene>,
}

struct Scene {
    file: Value,
    scenario: Scenario,
    spice: Spice,
}

impl<'s> Given<'s> {
    /// Of `files` with what they say, which reads no text files; not empty.
    pub fn new(suspect: &'s dyn Suspect, files: Vec<(Value, Scenario)>) -> Self {
        assert!(!files.is_empty(), "a campaign needs a scenario");
        let scenarios: Vec<Scene> = files.into_iter().map(|(file, scenario)| Scene::new(file, scenario)).collect();
        let is_there = |protocol: &ProtocolKind| scenarios.iter().any(|scene| scene.scenario.protocol() == *protocol);
        let protocols = ProtocolKind::ALL.into_iter().filter(is_there).collect();
        Given { suspect, protocols, scenarios }
    }
}

impl Suspect for Given<'_> {
    fn protocols(&self) -> &[ProtocolKind] {
        &self.protocols
    }
    fn world(&self, scenario: &Scenario) -> World {
        self.suspect.world(scenario)
    }
    fn is_right(&self) -> bool {
        self.suspect.is_right()
    }
    fn draws(&self) -> bool {
        false
    }
    /// The scenarios in turn; what is drawn is only which control steps a walk orders.
    fn family(&self, seed: u64, number: u64) -> Box<dyn Fn(u64) -> Shape + '_> {
        Box::new(move |member| {
            let number = number * MEMBERS + member;
            let scene = &self.scenarios[(number % self.scenarios.len() as u64) as usize];
            let control = swarm::control(&mut Stream::numbered(seed, "shape", number));
            Shape::given(scene.file.clone(), scene.scenario.clone(), control, scene.spice)
        })
    }
}

impl Scene {
    fn new(mut file: Value, scenario: Scenario) -> Scene {
        let spice = spice(&file, &scenario);
        if let Some(fields) = file.as_object_mut() {
            // What is expected of one run says nothing of the others, and walks bring faults and an order themselves.
            for field in ["$schema", "expect", "faults", "schedule", "control", "limits"] {
                fields.remove(field);
            }
            let requests = scenario.setup().requests as usize;
            if scenario.schedule().is_some() && requests > 0 {
                fields["snapshots"]["at"] = json!(vec![0; requests]);
            }
        }
        Scene { file, scenario, spice }
    }
}

/// At least what the file has. The last checkpoint makes good what a lost trigger left behind, so nothing is lost where
/// there is none.
fn spice(file: &Value, scenario: &Scenario) -> Spice {
    let offers = scenario.offers();
    let has_last = file.pointer("/snapshots/final") != Some(&Value::Bool(false));
    let few = |number: u32, most: u8| number.min(u32::from(most)) as u8;
    let losses = few((offers.lost_triggers + offers.lost_notices) * u32::from(has_last), 2);
    Spice {
        crashes: few(offers.crashes.max(1), 8),
        losses,
        repeats: few(offers.repeated_notices, 3),
        postponements: few(offers.postponed_notices, 3),
        failed_uploads: few(offers.failed_uploads, 2),
        early_timers: 1,
    }
}
