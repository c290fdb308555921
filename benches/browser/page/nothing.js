// What any import takes.
