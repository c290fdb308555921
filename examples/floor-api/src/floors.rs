//! The product's data: the floors of one building, in memory.

use daypass::verify::Permit;
use serde::{Deserialize, Serialize};
use tokio::sync::RwLock;

use crate::scopes::FloorUpdate;

/// The longest name of a floor, in characters.
pub(crate) const MAX_NAME: usize = 100;

/// One floor. Lengths are in metres, areas in square metres.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Floor {
    #[serde(flatten)]
    pub(crate) summary: Summary,
    width: f64,
    depth: f64,
    pub(crate) rooms: Vec<Room>,
}

/// What the Space API's clients read of a floor.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Properties {
    /// The id for `GET /v2/layout/{id}`.
    pub(crate) default_layout_id: String,
}

impl Floor {
    pub(crate) fn properties(&self) -> Properties {
        Properties { default_layout_id: format!("{}{LAYOUT}", self.summary.id) }
    }
}

/// The end of a layout's id, behind the floor's.
const LAYOUT: &str = "-layout";

/// The part of a floor that a list shows.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) public: bool,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Room {
    pub(crate) id: String,
    name: String,
    usage: String,
    area: f64,
    pub(crate) polygon: Vec<[f64; 2]>,
}

pub(crate) struct Floors(RwLock<Vec<Floor>>);

impl Floors {
    /// Loads the floors that are compiled into the program.
    pub(crate) fn load() -> serde_json::Result<Floors> {
        serde_json::from_str(include_str!("../floors.json")).map(|floors| Floors(RwLock::new(floors)))
    }

    pub(crate) async fn all(&self) -> Vec<Summary> {
        self.0.read().await.iter().map(|floor| floor.summary.clone()).collect()
    }

    pub(crate) async fn find(&self, id: &str) -> Option<Floor> {
        self.0.read().await.iter().find(|floor| floor.summary.id == id).cloned()
    }

    /// Finds the floor of a layout.
    pub(crate) async fn find_by_layout(&self, layout: &str) -> Option<Floor> {
        self.find(layout.strip_suffix(LAYOUT)?).await
    }

    /// Sets the name of the floor that the permit is for. The caller has checked the name.
    pub(crate) async fn rename(&self, permit: &Permit<'_, FloorUpdate>, name: String) -> Option<Summary> {
        let id = permit.resource()?;
        let mut floors = self.0.write().await;
        let summary = floors.iter_mut().map(|floor| &mut floor.summary).find(|summary| summary.id == id)?;
        summary.name = name;
        Some(summary.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Floors, Room};

    /// Returns the area of a room by the shoelace formula.
    fn area(Room { polygon, .. }: &Room) -> f64 {
        let next = polygon.iter().cycle().skip(1);
        polygon.iter().zip(next).map(|([ax, ay], [bx, by])| ax * by - bx * ay).sum::<f64>().abs() / 2.0
    }

    fn has(Room { polygon, .. }: &Room, x: f64, y: f64) -> bool {
        let next = polygon.iter().cycle().skip(1);
        let crossings = polygon
            .iter()
            .zip(next)
            .filter(|([ax, ay], [bx, by])| (ay > &y) != (by > &y) && x < ax + (y - ay) / (by - ay) * (bx - ax));
        crossings.count() % 2 == 1
    }

    #[test]
    fn every_point_of_a_floor_is_in_exactly_one_room_and_the_areas_are_right() {
        let floors = Floors::load().expect("floors.json is a list of floors").0.into_inner();
        assert_eq!(
            floors.iter().map(|f| (&*f.summary.id, f.summary.public)).collect::<Vec<_>>(),
            [("ground", true), ("first", false), ("second", false)]
        );
        for floor in floors {
            let id = &floor.summary.id;
            assert!((8..=14).contains(&floor.rooms.len()), "{id}");
            assert_eq!(
                floor.rooms.iter().map(|room| &room.id).collect::<HashSet<_>>().len(),
                floor.rooms.len(),
                "{id}"
            );
            for room in &floor.rooms {
                assert!((area(room) - room.area).abs() < 1e-9, "{id} {}: {} is {}", room.id, room.area, area(room));
            }
            let total: f64 = floor.rooms.iter().map(|room| room.area).sum();
            assert!((total - floor.width * floor.depth).abs() < 1e-9, "{id}: {total}");
            // The steps are odd so that no point is on a wall.
            let steps = |length: f64| (0..).map(|i| 0.111 + f64::from(i) * 0.237).take_while(move |at| *at < length);
            for (x, y) in steps(floor.width).flat_map(|x| steps(floor.depth).map(move |y| (x, y))) {
                assert_eq!(floor.rooms.iter().filter(|room| has(room, x, y)).count(), 1, "{id} at {x:.3}, {y:.3}");
            }
        }
    }
}
