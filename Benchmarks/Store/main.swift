import Foundation

// Measures what it costs to be durable: `swift run -c release StoreBenchmark [DIRECTORY]`; the store's file is made in DIRECTORY, else in the current one, so
// that the disk is the one that is meant. One figure alone, for a profiler: `… StoreBenchmark . rows`.
//
// The aims: 40,000 action rows a second through the writer, and a lone run durable within 1 ms of its response. What a disk needs to make a write durable
// is not ours: it is measured at the same time, in turn with the store, and a disk that needs more than the aim leaves no more than the ratio to judge.

let arguments = CommandLine.arguments.dropFirst()
let figure = arguments.dropFirst().first
let benchmark = try StoreBenchmark.prepare(in: arguments.first ?? ".")

if figure == nil || figure == "rows" {
    for (runs, rounds) in [(16, 400), (128, 200), (1_000, 80), (4_000, 20)] {
        let result = try await benchmark.completeActions(of: runs, each: rounds)
        print(
            "action rows of \(runs) runs at once: \(Int(result.rate)) a second, \(result.processorTime / .microseconds(1)) µs of CPU each (aim: 40000 a second)"
        )
    }
}
if figure == nil || figure == "lone" {
    let (store, disk) = try await benchmark.endLoneRuns(2_000)
    print("a lone run's end until it is durable: \(store) (aim: p99 under 1000 µs)")
    print("the disk alone, as many bytes, in turn: \(disk)")
    print("ratio: p50 \(store.ratio(to: disk, at: 0.5)), p99 \(store.ratio(to: disk, at: 0.99))")
}
try benchmark.remove()
