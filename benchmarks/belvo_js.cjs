// One run of belvo-js: keeps so many updates under way for so many seconds, and prints what it did as JSON.
const { randomUUID } = require("crypto");
const belvo = require("belvo").default;

const [url, id, key, password, atOnce, warmUp, seconds] = process.argv.slice(2);
const links = Array.from({ length: 2000 }, () => randomUUID());
let next = 0;

async function measure(client, span) {
  const [start, cpu] = [process.hrtime.bigint(), process.cpuUsage()];
  const findWall = () => Number(process.hrtime.bigint() - start) / 1e9;
  let updates = 0;
  async function work() {
    while (findWall() < span) {
      await client.links.update(links[next++ % links.length], { password });
      updates += 1;
    }
  }
  await Promise.all(Array.from({ length: Number(atOnce) }, work));
  const used = process.cpuUsage(cpu);
  return { updates, wall: findWall(), cpu: (used.user + used.system) / 1e6 };
}

async function main() {
  const client = new belvo(id, key, url);
  await client.connect();
  await measure(client, Number(warmUp));
  console.log(JSON.stringify(await measure(client, Number(seconds))));
  process.exit();
}

main();
