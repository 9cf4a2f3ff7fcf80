#include <spidergate/app/main.hpp>

#include <cstddef>

int main(int argc, char** argv) {
  return spidergate::app::run({argv, static_cast<std::size_t>(argc)});
}
