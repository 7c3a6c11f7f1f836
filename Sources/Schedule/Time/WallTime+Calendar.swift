extension WallTime {
    /// The day of the year: 1 is the first of January.
    public var dayOfYear: Int {
        daysSinceEpoch - CivilDate(year: year, month: 1, day: 1).daysSinceEpoch + 1
    }

    /// The week and the year that it belongs to (ISO 8601): weeks begin on Monday, and week 1 has the year's first Thursday.
    public var isoWeek: (year: Int, week: Int) {
        // A week belongs to the year of its Thursday.
        let thursday = CivilDate(daysSinceEpoch: daysSinceEpoch - (weekday + 6) % 7 + 3)
        let first = CivilDate(year: thursday.year, month: 1, day: 1)
        return (thursday.year, (thursday.daysSinceEpoch - first.daysSinceEpoch) / 7 + 1)
    }

    private var daysSinceEpoch: Int { CivilDate(year: year, month: month, day: day).daysSinceEpoch }
}
