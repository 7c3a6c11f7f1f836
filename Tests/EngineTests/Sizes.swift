import CEL
import Connections
import Recipe
import Store
import Testing
@testable import Engine
@Suite struct Sizes { @Test func `sizes`() {
  func p<T>(_ t: T.Type) { print("SIZE", t, MemoryLayout<T>.size) }
  p(Recipe.self); p(Action.self); p(HTTPAction.self); p(Expression.self); p(Template.self); p(RunRecord.self); p(ActionRecord.self); p(RunOrder.self); p(Trigger.self); p(PreparedRequest.self); p(Response.self); p(RunError.self); p(Ending.self); p(RunResult.self); p(Scope.self); p(Value.self); p(RequestFailure.self); p(Performance.self); p(HTTPSender.self); p(VerbResult.self); p(Connection.self); p(RetryPolicy.self); p(Fire.self); p(Watch.self); p(RunEnd.self); p(Exit.self); p(ForEach.self); p(ValueTemplate.self)
} }
