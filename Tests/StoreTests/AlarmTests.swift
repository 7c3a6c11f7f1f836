import CEL
import Schedule
import Store
import Testing

@Suite struct AlarmTests {
    let place: Place
    let alarm = AlarmRecord(key: AlarmKey(.failures, of: "sync"), since: at(100), message: "3 in a row", count: 3)

    init() throws { place = try Place() }

    @Test(arguments: StoreKind.all)
    func `an alarm is raised once and cleared once, with the run that tells of it`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let telling = request(fire("on_alert", trigger: "failures:sync", at: 110), inputs: ["kind": "failures"])
        #expect(try await store.raise(alarm, telling))
        let again = request(fire("on_alert", trigger: "failures:sync", at: 120))
        #expect(try await store.raise(alarm, again) == false)
        #expect(try await store.alarms() == [alarm])
        #expect(try await store.runs(RunQuery()).map(\.fire) == [telling.run.fire])
        #expect(try await store.run(telling.run.id.text)?.inputs == ["kind": "failures"])
        let other = AlarmRecord(key: AlarmKey(.lateness, of: "sync"), since: at(90), message: "late")
        #expect(try await store.raise(other, nil))
        #expect(try await store.alarms() == [other, alarm])
        #expect(try await store.clear(alarm.key, again))
        #expect(try await store.clear(alarm.key, request(fire("on_alert", at: 130))) == false)
        #expect(try await store.alarms() == [other])
        #expect(try await store.runs(RunQuery()).count == 2)
    }

    @Test(arguments: StoreKind.shared) func `of two nodes that see it one tells of it`(kind: StoreKind) async throws {
        let (one, two) = (try kind.make(at: place), try kind.make(at: place))
        let raised = [try await one.raise(alarm, nil), try await two.raise(alarm, nil)]
        #expect(raised == [true, false])
    }
}
