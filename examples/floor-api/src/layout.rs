//! A floor's layout as the Space API's clients read it: rooms as spaces whose boundaries share vertices and edges.

use serde_json::{Value, json};

use crate::floors::{Floor, Room};

/// How far a point may lie from a wall that it is on, in metres.
const NEAR: f64 = 1e-9;

type Point = [f64; 2];

/// Points and edges, each once, whichever rooms share it.
#[derive(Default)]
struct Graph {
    vertices: Vec<Point>,
    edges: Vec<[usize; 2]>,
}

/// Returns the layout of a floor, for its client.
pub(crate) fn of(floor: &Floor) -> Value {
    let mut graph = Graph::default();
    for room in &floor.rooms {
        room.polygon.iter().for_each(|point| graph.add_vertex(*point));
    }
    let boundaries: Vec<Vec<usize>> = floor.rooms.iter().map(|room| graph.add_boundary(room)).collect();

    let vertices =
        graph.vertices.iter().enumerate().map(
            |(index, position)| json!({ "id": vertex(index), "type": "spatialGraph:vertex", "position": position }),
        );
    let edges =
        graph.edges.iter().enumerate().map(
            |(index, ends)| json!({ "id": edge(index), "type": "spatialGraph:edge", "vertices": ends.map(vertex) }),
        );
    let spaces = floor.rooms.iter().zip(boundaries).map(|(room, boundary)| {
        let edges: Vec<_> = boundary.into_iter().map(edge).collect();
        json!({ "id": room.id, "type": "layout:space", "boundaries": [{ "edges": edges }] })
    });
    json!({
        "id": floor.properties().default_layout_id,
        "layout": {
            "spatialStructure": {
                "id": floor.summary.id,
                "type": "spatialStructure:layout",
                "spatialGraph": { "vertices": vertices.collect::<Vec<_>>(), "edges": edges.collect::<Vec<_>>() },
                "spaces": spaces.collect::<Vec<_>>(),
                "elements": [],
            },
            "sharedResources": { "products": [], "geometries": [], "materials": [] },
        },
    })
}

impl Graph {
    fn add_vertex(&mut self, point: Point) {
        if !self.vertices.contains(&point) {
            self.vertices.push(point);
        }
    }

    /// Adds a room's walls, each cut where a corner of another room is on it, and returns the edges in their order.
    fn add_boundary(&mut self, room: &Room) -> Vec<usize> {
        let next = room.polygon.iter().cycle().skip(1);
        let walls: Vec<_> = room.polygon.iter().zip(next).flat_map(|(from, to)| self.cut(*from, *to)).collect();
        walls.into_iter().map(|ends| self.edge(ends)).collect()
    }

    /// Cuts a wall at the vertices on it.
    fn cut(&self, from: Point, to: Point) -> Vec<[usize; 2]> {
        let along = |point: &Point| (point[0] - from[0]) * (to[0] - from[0]) + (point[1] - from[1]) * (to[1] - from[1]);
        let across =
            |point: &Point| (point[0] - from[0]) * (to[1] - from[1]) - (point[1] - from[1]) * (to[0] - from[0]);
        let end = along(&to);
        let is_on = |point: &Point| across(point).abs() < NEAR && (0.0..=end).contains(&along(point));
        let mut on: Vec<usize> = (0..self.vertices.len()).filter(|index| is_on(&self.vertices[*index])).collect();
        on.sort_by(|a, b| along(&self.vertices[*a]).total_cmp(&along(&self.vertices[*b])));
        on.windows(2).map(|ends| [ends[0], ends[1]]).collect()
    }

    /// Returns the edge between two vertices, in whichever direction it was added.
    fn edge(&mut self, [from, to]: [usize; 2]) -> usize {
        let same = |ends: &[usize; 2]| *ends == [from, to] || *ends == [to, from];
        self.edges.iter().position(same).unwrap_or_else(|| {
            self.edges.push([from, to]);
            self.edges.len() - 1
        })
    }
}

fn vertex(index: usize) -> String {
    format!("v{index}")
}

fn edge(index: usize) -> String {
    format!("e{index}")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::of;
    use crate::floors::Floors;

    #[tokio::test]
    async fn each_wall_is_one_edge_and_has_a_room_on_each_side_or_is_an_outer_one() {
        let floors = Floors::load().expect("floors.json is a list of floors");
        for summary in floors.all().await {
            let floor = floors.find(&summary.id).await.expect("a floor");
            let layout = of(&floor);
            let structure = &layout["layout"]["spatialStructure"];
            let list = |value: &Value| value.as_array().expect("a list").clone();
            let spaces = list(&structure["spaces"]);
            assert_eq!(spaces.len(), floor.rooms.len());
            for edge in list(&structure["spatialGraph"]["edges"]) {
                let uses = spaces
                    .iter()
                    .flat_map(|space| list(&space["boundaries"][0]["edges"]))
                    .filter(|id| *id == edge["id"]);
                assert!((1..=2).contains(&uses.count()), "{} {edge}", summary.id);
            }
        }
    }
}
