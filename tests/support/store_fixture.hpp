#pragma once
#include "temporary_directory.hpp"

#include <spidergate/store/database.hpp>

#include <memory>
#include <stdexcept>
#include <string>

namespace spidergate::testing {

/// An embedded database in a directory of its own, with the schema in it.
class embedded_database {
 public:
  explicit embedded_database(bool migrated = true) {
    if (!migrated) return;
    const auto on = open();
    if (const auto done = store::migrate(*on, 1'000); !done) throw std::runtime_error(done.error());
  }

  [[nodiscard]] std::unique_ptr<sql::connection> open() const {
    auto opened = store::open_sqlite(path());
    if (!opened) throw std::runtime_error(opened.error());
    return std::move(*opened);
  }
  [[nodiscard]] store::database::opener opener() const {
    return [path = path()] { return store::open_sqlite(path); };
  }
  [[nodiscard]] std::string path() const { return directory_.file("spidergate.db"); }
  [[nodiscard]] const temporary_directory& directory() const noexcept { return directory_; }

 private:
  temporary_directory directory_;
};

}  // namespace spidergate::testing
