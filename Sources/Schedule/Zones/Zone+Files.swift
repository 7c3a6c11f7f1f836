extension Zone {
    /// The directory of the database: what `TZDIR` names, else where distributions keep it.
    public static var databaseDirectory: String { ZoneDatabase.directory }
}
