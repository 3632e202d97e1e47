// One script of the npm package etcd3 against the member named on the command line. What it sees is printed, a line
// for each observation; two servers that behave the same print the same. ids, terms and times are left out.
'use strict';

const { Etcd3 } = require('etcd3');

const client = new Etcd3({ hosts: process.argv[2] });
const print = (...words) => console.log(words.join(' '));
const seen = (emitter, event) => new Promise(resolve => emitter.once(event, resolve));

async function keys() {
  await client.put('k/a').value('1');
  await client.put('k/b').value('2');
  print('get', await client.get('k/a').string(), await client.get('k/none').string());
  print('all', JSON.stringify(await client.getAll().prefix('k/').strings()));
  const swapped = await client.if('k/a', 'Value', '==', '1').then(client.put('k/a').value('3')).else(client.get('k/a')).commit();
  print('txn', swapped.succeeded, await client.get('k/a').string());
  await client.stm().transact(async tx => tx.put('k/b').value((await tx.get('k/b').string()) + '!'));
  print('stm', await client.get('k/b').string());
  print('deleted', (await client.delete().prefix('k/')).deleted);
}

async function watches() {
  const before = (await client.put('w/0').value('past')).header.revision;
  await client.put('w/1').value('x');
  const past = await client.watch().prefix('w/').startRevision(before).withPreviousKV().create();
  const events = [];
  const done = new Promise(resolve => past.on('data', response => {
    for (const event of response.events) {
      events.push([event.type, event.kv.key, event.kv.value, event.kv.version, event.prev_kv && event.prev_kv.value].join(','));
      if (String(event.kv.key) === 'w/end') resolve();
    }
  }));
  await client.put('w/1').value('y');
  await client.delete().key('w/1');
  await client.put('w/end').value('');
  await done;
  await past.cancel();
  print('watch', events.join(' | '));

  const only = await client.watch().key('w/2').only('delete').create();
  const deletion = seen(only, 'delete');
  await client.put('w/2').value('unseen');
  await client.delete().key('w/2');
  print('delete', (await deletion).key);
  await only.cancel();
}

async function leases() {
  const lease = client.lease(30);
  const id = await lease.grant();
  await lease.put('l/key').value('leased');
  const alive = await lease.keepaliveOnce();
  print('keepalive', alive.ID === id, alive.TTL);
  const left = await client.leaseClient.leaseTimeToLive({ ID: id, keys: true });
  print('ttl', left.grantedTTL, left.keys.map(String).join(','));
  print('leases', (await client.leaseClient.leaseLeases()).leases.filter(one => one.ID === id).length);
  await lease.revoke();
  print('revoked', await client.get('l/key').string());
}

async function locks() {
  const first = client.lock('lock').ttl(10);
  await first.acquire();
  const refused = await client.lock('lock').ttl(10).acquire().then(() => 'got it', error => error.constructor.name);
  print('lock', refused);
  await first.release();
  print('lock', await client.lock('lock').do(() => 'held'));
}

async function elections() {
  const election = client.election('election', 10);
  const observer = await election.observe();
  const first = election.campaign('first');
  await seen(first, 'elected');
  print('leader', await election.leader());
  const second = election.campaign('second');
  await first.proclaim('first, again');
  print('proclaimed', await election.leader());
  const elected = seen(second, 'elected');
  await first.resign();
  await elected;
  print('then', await election.leader());
  await second.resign();
  await observer.cancel();
}

async function maintenance() {
  const status = await client.maintenance.status();
  print('status', Number(status.dbSize) > 0, status.leader === status.header.member_id, Number(status.raftIndex) > 0);
  print('hash', (await client.maintenance.hash()).hash !== 0);
  const alarms = await client.maintenance.alarm({ action: 'GET', memberID: 0, alarm: 'NONE' });
  print('alarms', alarms.alarms.length);
  await client.maintenance.defragment();
  const stream = await client.maintenance.snapshot();
  let bytes = 0;
  await new Promise((resolve, reject) => {
    stream.on('data', part => { bytes += part.blob.length; });
    stream.on('end', resolve);
    stream.on('error', reject);
  });
  print('snapshot', bytes > 0, bytes % 512);
  const members = await client.cluster.memberList({});
  print('members', members.members.map(member => member.name).join(','));
}

async function run() {
  for (const part of [keys, watches, leases, locks, elections, maintenance]) {
    print('--', part.name);
    await part();
  }
  client.close();
}

run().catch(error => {
  print('failed', error.stack);
  process.exit(1);
});
