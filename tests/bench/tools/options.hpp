#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace spidergate::bench {

/// `--name value` pairs of a command line. What is asked for and absent, without a default, ends the program with a
/// sentence.
class options {
 public:
  options(int count, char** arguments);

  [[nodiscard]] std::string text(const std::string& name) const;
  [[nodiscard]] std::string text(const std::string& name, const std::string& otherwise) const;
  [[nodiscard]] std::int64_t number(const std::string& name) const;
  [[nodiscard]] std::int64_t number(const std::string& name, std::int64_t otherwise) const;
  [[nodiscard]] double decimal(const std::string& name, double otherwise) const;

 private:
  std::map<std::string, std::string> values_;
};

/// Ends the program: a benchmark that cannot run as asked must not print numbers.
[[noreturn]] void give_up(const std::string& why);

[[nodiscard]] std::string read_file(const std::string& path);

}  // namespace spidergate::bench
