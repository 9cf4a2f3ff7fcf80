#pragma once
#include "postgresql_server.hpp"
#include "store_fixture.hpp"

#include <spidergate/store/database.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

/// The databases that a test of SQL runs on. A suite that is parameterised by them:
///   class my_suite : public testing::store_suite { ... on->exec(...) ... };
///   TEST_P(my_suite, does_this) { ... }
///   INSTANTIATE_TEST_SUITE_P(databases, my_suite, testing::all_databases(), testing::name_of_database());
namespace spidergate::testing {

/// One database of a test's own.
class test_database {
 public:
  virtual ~test_database() = default;
  /// A connection more.
  [[nodiscard]] virtual store::database::opener opener() const = 0;
  [[nodiscard]] std::unique_ptr<sql::connection> open() const {
    auto opened = opener()();
    if (!opened) throw std::runtime_error(opened.error());
    return std::move(*opened);
  }
};

class test_sqlite final : public test_database {
 public:
  explicit test_sqlite(bool migrated) : file_(migrated) {}
  [[nodiscard]] store::database::opener opener() const override { return file_.opener(); }

 private:
  embedded_database file_;
};

/// The server that all tests of a program share: started by the first one that needs it.
inline postgresql_server& shared_postgresql() {
  static postgresql_server server;
  return server;
}

inline std::unique_ptr<sql::connection> open_at(const std::string& url) {
  auto opened = store::open_postgresql({.url = secret_string(url)});
  if (!opened) throw std::runtime_error(opened.error());
  return std::move(*opened);
}

inline void run_or_throw(sql::connection& on, const std::string& script) {
  if (!on.exec_script(script)) throw std::runtime_error(script + ": " + std::string(on.last_message()));
}

/// A database on that server, with our schema in it: empty, or migrated (then it is a copy of one that was migrated
/// once).
class test_postgresql final : public test_database {
 public:
  explicit test_postgresql(bool migrated) : name_("test_" + std::to_string(++count())) {
    auto& server = shared_postgresql();
    static const bool prepared = make_template(server);
    (void)prepared;
    run_or_throw(*admin(server),
                 "CREATE DATABASE " + name_ + " TEMPLATE " + (migrated ? "migrated" : "empty") + " STRATEGY file_copy");
  }
  ~test_postgresql() override {
    (void)admin(shared_postgresql())->exec_script("DROP DATABASE " + name_ + " WITH (FORCE)");
  }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::string url() const { return shared_postgresql().url(name_); }
  [[nodiscard]] std::string url_as(const std::string& role) const {
    return "postgresql://" + role + "@127.0.0.1:" + std::to_string(shared_postgresql().port()) + '/' + name_;
  }
  [[nodiscard]] store::database::opener opener() const override {
    return [url = url()] { return store::open_postgresql({.url = secret_string(url)}); };
  }

 private:
  static int& count() {
    static int made = 0;
    return made;
  }
  static std::unique_ptr<sql::connection> admin(const postgresql_server& server) { return open_at(server.url()); }
  static bool make_template(const postgresql_server& server) {
    run_or_throw(*admin(server), "CREATE DATABASE empty");
    run_or_throw(*open_at(server.url("empty")), "CREATE SCHEMA spidergate");
    run_or_throw(*admin(server), "CREATE DATABASE migrated");
    const auto on = open_at(server.url("migrated"));
    if (const auto done = store::migrate(*on, 1'000); !done) throw std::runtime_error(done.error());
    return true;
  }

  std::string name_;
};

inline std::unique_ptr<test_database> make_database(sql::backend kind, bool migrated = true) {
  if (kind == sql::backend::sqlite) return std::make_unique<test_sqlite>(migrated);
  return std::make_unique<test_postgresql>(migrated);
}

/// A migrated database of each test's own, and a connection to it.
class store_suite : public ::testing::TestWithParam<sql::backend> {
 protected:
  std::unique_ptr<test_database> database = make_database(GetParam());
  std::unique_ptr<sql::connection> on = database->open();
};

inline auto all_databases() {
  return ::testing::Values(sql::backend::sqlite, sql::backend::postgresql);
}
struct name_of_database {
  std::string operator()(const ::testing::TestParamInfo<sql::backend>& of) const {
    return of.param == sql::backend::sqlite ? "sqlite" : "postgresql";
  }
};

}  // namespace spidergate::testing
