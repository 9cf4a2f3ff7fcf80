#include "options.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace spidergate::bench {

void give_up(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

std::string read_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) give_up("cannot read " + path);
  std::ostringstream content;
  content << file.rdbuf();
  return std::move(content).str();
}

options::options(int count, char** arguments) {
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string name{arguments[i]};
    if (!name.starts_with("--")) give_up("expected an option, not " + name);
    values_[name.substr(2)] = arguments[i + 1];
  }
}

std::string options::text(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) give_up("--" + name + " is missing");
  return found->second;
}

std::string options::text(const std::string& name, const std::string& otherwise) const {
  return values_.contains(name) ? text(name) : otherwise;
}

std::int64_t options::number(const std::string& name) const {
  return std::stoll(text(name));
}

std::int64_t options::number(const std::string& name, std::int64_t otherwise) const {
  return values_.contains(name) ? number(name) : otherwise;
}

double options::decimal(const std::string& name, double otherwise) const {
  return values_.contains(name) ? std::stod(text(name)) : otherwise;
}

}  // namespace spidergate::bench
