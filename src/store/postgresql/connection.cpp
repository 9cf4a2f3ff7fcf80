#include "connection.hpp"

#include "failure.hpp"
#include "values.hpp"

#include <algorithm>
#include <poll.h>
#include <pqxx/pqxx>

namespace spidergate::store::postgresql {

namespace {

using namespace std::chrono_literals;

constexpr const char* announcements = "spidergate_config";
constexpr auto shortest_back_off = 100ms;
constexpr auto longest_back_off = 5'000ms;
/// Migrations rewrite tables, and wait for those of other processes.
constexpr auto schema_patience = std::chrono::milliseconds(10min);
/// By which the server, which has the same deadline, may cancel a statement first: then the connection lives on.
constexpr auto grace = 250ms;
constexpr auto between_doubts = 1s;
constexpr int oldest_server = 150'000;

/// Counts what others announce.
struct listener final : pqxx::notification_receiver {
  listener(pqxx::connection_base& on, std::int64_t& count) : notification_receiver(on, announcements), commits(count) {}
  void operator()(const std::string&, int by) override {
    if (by != conn().backendpid()) ++commits;
  }
  std::int64_t& commits;
};

/// Whether the server has closed it meanwhile: a statement that was never sent can go to another connection.
bool closed_while_idle(int socket) {
  pollfd one{.fd = socket, .events = POLLRDHUP, .revents = 0};
  return ::poll(&one, 1, 0) > 0 && (one.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

}  // namespace

struct connection::session {
  explicit session(const std::string& connect_string) : link(connect_string), quiet(link) {}
  /// Closed before the listener goes: that would tell the server, and wait for its answer without a deadline.
  ~session() { link.disconnect(); }
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  pqxx::connection link;
  pqxx::quiet_errorhandler quiet;
  std::unique_ptr<listener> ears;
  bool deaf = false;  ///< a hot standby takes no LISTEN
};

connection::connection(address where, std::chrono::milliseconds statement_timeout)
    : where_(std::move(where)), statement_timeout_(statement_timeout), patience_(statement_timeout) {}
connection::~connection() = default;

result<sql::rows> connection::exec(std::string_view statement, std::span<const sql::value> parameters) {
  if (holds_nul(parameters)) return failure(errc::constraint, "a text holds a NUL");
  const auto fields = fields_of(parameters);
  std::optional<sql::rows> rows;
  const auto done = exchange([&](pqxx::nontransaction& on) {
    rows = rows_of(on.exec_params(std::string(statement), pqxx::prepare::make_dynamic_params(fields)));
  });
  if (!done) return done.error();
  if (!rows) return failure(errc::failed, "a column has a type that is not used here");
  return std::move(*rows);
}

result<void> connection::exec_script(std::string_view script) {
  return exchange([&](pqxx::nontransaction& on) { on.exec(std::string(script)); });
}

result<void> connection::announce_change() {
  return exec_script(std::string("NOTIFY ") + announcements);
}

result<void> connection::bulk_insert(std::string_view table, std::span<const std::string_view> columns,
                                     std::span<const sql::value_view> cells) {
  if (holds_nul(cells)) return failure(errc::constraint, "a text holds a NUL");
  if (columns.size() > widest_row) return failure(errc::failed, "too many columns for a bulk insert");
  if (columns.empty() || cells.size() % columns.size() != 0) return failure(errc::failed, "cells that are no rows");
  const std::vector<std::string> names(columns.begin(), columns.end());
  return exchange([&](pqxx::nontransaction& on) {
    pqxx::stream_to copy(on, std::string(table), names);
    for (; !cells.empty(); cells = cells.subspan(columns.size())) write_row(copy, cells.first(columns.size()));
    copy.complete();
  });
}

result<void> connection::begin(sql::lock what) {
  std::string script = "BEGIN ISOLATION LEVEL READ COMMITTED";
  if (what == sql::lock::schema) {
    patience_ = schema_patience;
    // The number is ours ("spidrgat"). Whether the schema is there is asked first, for IF NOT EXISTS needs the right to
    // create even when there is nothing to do; and asked of the table, for to_regnamespace() looks into the session's
    // cache, which does not know yet what was made while the lock was waited for.
    script +=
        "; SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(8317989303399866740);"
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'spidergate') THEN CREATE SCHEMA "
        "spidergate; END IF; END $$";
  }
  const auto begun = exec_script(script);
  // Begun, but cut in the same moment, is lost: the next statement would connect anew, outside of any transaction.
  scope_ = !begun ? scope::failed : session_ ? scope::open : scope::lost;
  if (!begun) roll_back();
  return begun;
}

result<void> connection::commit() {
  // The server would answer COMMIT by rolling back, and call that a success.
  if (scope_ == scope::failed) return failure(errc::failed, "a statement of the transaction had failed");
  const auto done = exec_script("COMMIT");
  if (done) {
    scope_ = scope::none;
    patience_ = statement_timeout_;
  }
  return done;
}

void connection::roll_back() noexcept {
  // What went wrong before is what the caller wants to read.
  auto said = message_;
  if (session_ && !exec_script("ROLLBACK")) session_.reset();
  message_ = std::move(said);
  scope_ = scope::none;
  patience_ = statement_timeout_;
}

result<void> connection::exchange(const work& what) {
  const auto connected = ready();
  return connected ? perform(what) : connected;
}

result<void> connection::perform(const work& what) {
  auto& link = session_->link;
  const auto ticket = deadlines_->watch(link.sock(), std::chrono::steady_clock::now() + patience_ + grace);
  result<void> done;
  try {
    pqxx::nontransaction on(link);
    what(on);
  } catch (const std::exception& e) {
    done = failure(meaning(e, link.is_open()), first_line(e.what()));
  }
  const bool cut = deadlines_->release(ticket);
  if (cut && !done) message_ = "the server did not answer in time";
  if (cut || !link.is_open()) {
    lose();
  } else if (scope_ != scope::none) {
    // A refused transaction takes nothing but ROLLBACK TO, which ends the refusal.
    scope_ = done ? scope::open : scope::failed;
  }
  return done;
}

result<void> connection::ready() {
  if (scope_ == scope::lost) {
    return failure(errc::unavailable, "the connection was lost in the middle of the transaction");
  }
  if (session_ && scope_ == scope::none && closed_while_idle(session_->link.sock())) session_.reset();
  if (session_) return {};
  // The message is still that of the last attempt.
  if (std::chrono::steady_clock::now() < next_attempt_) return errc::unavailable;
  return connect();
}

result<void> connection::connect() {
  try {
    session_ = std::make_unique<session>(std::string(where_.connect_string.reveal()));
  } catch (const std::exception& e) {
    lose();
    return failure(errc::unavailable, first_line(e.what()));
  }
  if (session_->link.server_version() < oldest_server) {
    lose();
    return failure(errc::unavailable, "PostgreSQL 15 or later is needed, and the server is older");
  }
  const auto timeout = std::to_string(statement_timeout_.count());
  // A replica that is frozen or cut off inside a transaction must not hold its locks for ever.
  const auto idle = std::to_string(4 * statement_timeout_.count());
  const auto script = "SET search_path TO spidergate, pg_temp; SET statement_timeout = " + timeout +
                      "; SET idle_in_transaction_session_timeout = " + idle +
                      "; SET lock_timeout = 0; SET client_min_messages = warning; SET bytea_output = 'hex';"
                      "SET standard_conforming_strings = on";
  const auto set_up = perform([&](pqxx::nontransaction& on) { on.exec(script); });
  if (!set_up) {
    if (session_) lose();
    return set_up;
  }
  if (!session_) return failure(errc::unavailable, "the server did not answer in time");
  back_off_ = 0ms;
  ++commits_;  // whatever was announced meanwhile was not heard
  return {};
}

void connection::lose() {
  session_.reset();
  if (scope_ != scope::none) scope_ = scope::lost;
  back_off_ = std::clamp<std::chrono::milliseconds>(2 * back_off_, shortest_back_off, longest_back_off);
  std::uniform_int_distribution<std::int64_t> jitter(back_off_.count() / 2, back_off_.count());
  next_attempt_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(jitter(random_));
}

result<std::int64_t> connection::foreign_commits() {
  if (const auto connected = ready(); !connected) return connected.error();
  if (!session_->ears && !session_->deaf) {
    if (const auto heard = listen(); !heard) return heard.error();
  }
  try {
    session_->link.get_notifs();
  } catch (const std::exception& e) {
    lose();
    return failure(errc::unavailable, first_line(e.what()));
  }
  const auto now = std::chrono::steady_clock::now();
  if (now >= next_doubt_) {
    ++commits_;
    next_doubt_ = now + between_doubts;
  }
  return commits_;
}

result<void> connection::listen() {
  auto& into = *session_;
  const auto listening =
      exchange([&](pqxx::nontransaction&) { into.ears = std::make_unique<listener>(into.link, commits_); });
  if (!listening && listening.error() == errc::read_only) {
    into.deaf = true;
    return {};
  }
  ++commits_;
  return listening;
}

error_code connection::failure(errc what, std::string_view message) {
  message_ = message;
  const std::string password(where_.password.reveal());
  constexpr std::string_view mask = "***";
  for (std::size_t at = 0; !password.empty() && (at = message_.find(password, at)) != std::string::npos;) {
    message_.replace(at, password.size(), mask);
    at += mask.size();
  }
  return what;
}

}  // namespace spidergate::store::postgresql
