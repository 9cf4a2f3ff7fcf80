#include <spidergate/store/sql.hpp>

#include <string>

namespace spidergate::sql {

namespace {
std::string savepoint(int depth) {
  return "sp_" + std::to_string(depth);
}
}  // namespace

result<transaction> transaction::begin(connection& on, lock what) {
  const auto begun = on.depth_ == 0 ? on.begin(what) : on.exec_script("SAVEPOINT " + savepoint(on.depth_));
  if (!begun) return begun.error();
  ++on.depth_;
  return transaction(on);
}

result<void> transaction::commit() {
  auto& on = *on_;
  const auto done = on.depth_ == 1 ? on.commit() : on.exec_script("RELEASE " + savepoint(on.depth_ - 1));
  if (!done) {
    roll_back();
    return done;
  }
  --on.depth_;
  on_ = nullptr;
  return {};
}

transaction::~transaction() {
  if (on_) roll_back();
}

transaction::transaction(transaction&& other) noexcept : on_(std::exchange(other.on_, nullptr)) {}

// Its own failure is not told: a database that failed hard has rolled back already and says that there is no
// transaction.
void transaction::roll_back() noexcept {
  auto& on = *std::exchange(on_, nullptr);
  if (--on.depth_ == 0) {
    on.roll_back();
  } else {
    (void)on.exec_script("ROLLBACK TO " + savepoint(on.depth_) + "; RELEASE " + savepoint(on.depth_));
  }
}

}  // namespace spidergate::sql
