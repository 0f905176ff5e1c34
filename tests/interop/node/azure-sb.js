'use strict';
// azure-sb, the SDK before it, with the connection string that `handset env` prints.

const { promisify } = require('node:util');
const azure = require('azure-sb');
const { phones, refused, run, toast } = require('./cases.js');
const { connection, connectionOf, connectionWith, done, freshTag, hub, nobodys, rule, same, until } =
  require('./hub.js');

/** Every method of a service, with a promise instead of its callback. */
const promising = (service) =>
  new Proxy(service, {
    get: (target, name) =>
      typeof target[name] === 'function' ? promisify(target[name].bind(target)) : target[name],
  });

const connect = (to) => {
  const service = azure.createNotificationHubService(hub, to);
  const [wns, apns, gcm, mpns] = [service.wns, service.apns, service.gcm, service.mpns].map(promising);
  return { service: promising(service), wns, apns, gcm, mpns };
};
const { service, wns, apns, gcm, mpns } = connect(connection);

const raw = { headers: { 'X-WNS-Type': 'wns/raw' } };
const secure = (id) => JSON.stringify({ secureId: id });
const background = {
  headers: { 'apns-push-type': 'background', 'apns-priority': '5' },
};
const silentApple = (id) => ({ aps: { 'content-available': 1 }, secureId: id });

/** Makes, puts anew and deletes registrations by the methods of one platform. */
const registrations = ({ of, native, template, handle, key, change }) =>
  done(async () => {
    const tags = [freshTag('a'), 'B'];
    const made = await of.createNativeRegistration(handle, tags);
    same([made[key], made.Tags], [handle, tags.join(',')], native);
    same(made._.ContentRootElement, native, 'kind');
    const put = await of.createOrUpdateNativeRegistration(made.RegistrationId, handle, 'other');
    same([put.RegistrationId, put.Tags], [made.RegistrationId, 'other'], 'put');
    const [create, createOrUpdate, update] = change;
    const [body, options] = template;
    const arranged = await of[create](handle, tags, body, options);
    same(arranged._.ContentRootElement, native.replace('Reg', 'TemplateReg'), 'kind');
    const id = arranged.RegistrationId;
    await of[createOrUpdate](id, handle, ['c'], body, options);
    const updated = await of[update](id, handle, ['d'], body, options);
    same([updated.RegistrationId, updated.Tags], [id, 'd'], 'updated');
    for (const each of [id, made.RegistrationId]) await service.deleteRegistration(each);
    return `${native}, with and without template`;
  });

const templateMethods = [
  'createTemplateRegistration',
  'createOrUpdateTemplateRegistration',
  'updateTemplateRegistration',
];
const rawMethods = [
  'createRawTemplateRegistration',
  'createOrUpdateRawTemplateRegistration',
  'updatesRawTemplateRegistration',
];

/** Registers a handle under a tag of its own by a method of its platform. */
async function tagged(create) {
  const tag = freshTag('sb');
  await create(tag);
  return tag;
}

const ids = (list) => list.map((registration) => registration.RegistrationId);
const location = (answer) => new URL(answer.headers.location).pathname.split('/')[3];

/** Passed when the hub takes a send that no phone here shows anything of. */
const taken = (send) => done(async () => `${(await send()).statusCode}`);

/** What a send through the hub does: azure-sb reads no telemetry, so its own request is asked. */
const said = (error) => `${error.statusCode} ${error.code ?? ''}`.trim();
const fails = (send, expected) => refused(send, said, expected);
const tooManyTags = Array.from({ length: 61 }, (_, index) => `t${index}`);

const errors = {
  'wrong signature': fails(
    () => connect(connectionWith({ SharedAccessKey: 'd3Jvbmc=' })).service.createRegistrationId(),
    '401 401',
  ),
  'a key that listens sends': fails(
    () => connect(connectionOf(rule('DefaultListenSharedAccessSignature'))).wns.sendRaw(null, 'x'),
    '403 Forbidden',
  ),
  'a key that listens lists by tag': fails(
    () =>
      connect(connectionOf(rule('DefaultListenSharedAccessSignature'))).service.listRegistrationsByTag('a'),
    '401 401',
  ),
  'unknown registration': fails(() => service.getRegistration('1-2-3'), '404 404'),
  'unknown installation': fails(() => service.getInstallation('nobody'), '404 404'),
  'too large': fails(() => service.send(null, { text: 'x'.repeat(64 * 1024) }), '413 413'),
  'malformed tag expression': fails(() => wns.sendRaw('a && (b', 'x'), '400 400'),
  '61 tags': fails(() => wns.createNativeRegistration(nobodys.channel(), tooManyTags), '400 400'),
  'a tag of 121 characters': fails(
    () => wns.createNativeRegistration(nobodys.channel(), 't'.repeat(121)),
    '400 400',
  ),
  'update of what was changed since': fails(async () => {
    const made = await wns.createNativeRegistration(nobodys.channel(), null);
    const again = async () =>
      service.updateRegistration(await service.getRegistration(made.RegistrationId), { etag: '1' });
    await again();
    return again();
  }, '412 412'),
};

const cases = {
  createRegistrationId: done(() => service.createRegistrationId()),
  'wns registrations': registrations({
    of: wns,
    native: 'WindowsRegistrationDescription',
    handle: nobodys.channel(),
    key: 'ChannelUri',
    template: ['<toast>$(text)</toast>', raw],
    change: rawMethods,
  }),
  'apns registrations': registrations({
    of: apns,
    native: 'AppleRegistrationDescription',
    handle: nobodys.token(),
    key: 'DeviceToken',
    template: [{ aps: { alert: '$(text)' } }],
    change: templateMethods,
  }),
  'gcm registrations': registrations({
    of: gcm,
    native: 'GcmRegistrationDescription',
    handle: nobodys.id(),
    key: 'GcmRegistrationId',
    template: [{ data: { text: '$(text)' } }],
    change: templateMethods,
  }),
  'mpns registrations': registrations({
    of: mpns,
    native: 'MpnsRegistrationDescription',
    handle: nobodys.phoneChannel(),
    key: 'ChannelUri',
    template: ['<x>$(text)</x>', { headers: { 'X-NotificationClass': '3' } }],
    change: rawMethods,
  }),
  'wns.createToastText01Registration and its like': done(async () => {
    const channel = nobodys.channel();
    const made = await wns.createToastText01Registration(channel, 'a', { text1: '$(text)' });
    same(made._.ContentRootElement, 'WindowsTemplateRegistrationDescription', 'kind');
    const tile = await wns.createTileSquareText04Registration(channel, 'a', { text1: '$(text)' });
    const updated = await wns.updateToastText01Registration(made.RegistrationId, channel, 'b', {
      text1: '$(other)',
    });
    same([updated.RegistrationId, updated.Tags], [made.RegistrationId, 'b'], 'updated');
    same(ids(await wns.listRegistrationsByChannel(channel)).sort(), ids([made, tile]).sort(), 'list');
  }),
  getRegistration: done(async () => {
    const made = await apns.createNativeRegistration(nobodys.token(), ['a', 'B']);
    const found = await service.getRegistration(made.RegistrationId);
    same([found.Tags, found.ETag, found.DeviceToken], ['a,B', '1', made.DeviceToken], 'it');
  }),
  updateRegistration: done(async () => {
    const made = await gcm.createTemplateRegistration(nobodys.id(), 'a', { data: { x: '$(x)' } });
    const found = await service.getRegistration(made.RegistrationId);
    found.Tags = 'b';
    const updated = await service.updateRegistration(found);
    same([updated.Tags, updated.BodyTemplate], ['b', made.BodyTemplate], 'it');
  }),
  createOrUpdateRegistration: done(async () => {
    const made = await wns.createRawTemplateRegistration(nobodys.channel(), 'a', '<x>$(x)</x>', raw);
    const found = await service.getRegistration(made.RegistrationId);
    found.Tags = 'b';
    const put = await service.createOrUpdateRegistration(found);
    same([put.Tags, put.BodyTemplate], ['b', '<x>$(x)</x>'], 'it');
  }),
  deleteRegistration: done(async () => {
    const { RegistrationId } = await gcm.createNativeRegistration(nobodys.id(), null);
    await service.deleteRegistration(RegistrationId);
    await service.deleteRegistration(RegistrationId);
    const found = await service.getRegistration(RegistrationId).catch((error) => error.statusCode);
    same(found, 404, 'after it');
  }),
  'listRegistrations, top and skip': done(async () => {
    for (let count = 0; count < 3; count += 1) {
      await apns.createNativeRegistration(nobodys.token(), null);
    }
    const first = ids(await service.listRegistrations({ top: 2 }));
    const rest = ids(await service.listRegistrations({ top: 1, skip: 1 }));
    same([first.length, rest], [2, first.slice(1)], 'pages');
  }),
  listRegistrationsByTag: done(async () => {
    const tag = freshTag('listed');
    const made = [];
    for (const handle of [nobodys.id(), nobodys.id(), nobodys.id()]) {
      made.push(await gcm.createNativeRegistration(handle, [tag]));
    }
    same(ids(await service.listRegistrationsByTag(tag)), ids(made), 'all');
    same(ids(await service.listRegistrationsByTag(tag, { top: 1, skip: 1 })), ids(made.slice(1, 2)), 'one');
    same(await service.listRegistrationsByTag(freshTag('nobody')), [], 'of nobody');
  }),
  'list by channel, token and registration id': done(async () => {
    for (const [of, list, handle] of [
      [wns, 'listRegistrationsByChannel', nobodys.channel()],
      [mpns, 'listRegistrationsByChannel', nobodys.phoneChannel()],
      [apns, 'listRegistrationsByToken', nobodys.token()],
      [gcm, 'listRegistrationsByGcmRegistrationId', nobodys.id()],
    ]) {
      const made = await of.createNativeRegistration(handle, null);
      same(ids(await of[list](handle)), ids([made]), list);
    }
    return 'wns, mpns, apns, gcm';
  }),
  'installations: put, get, patch, delete': done(async () => {
    const installationId = freshTag('i').replace(':', '-');
    const pushChannel = phones.wns.handle;
    await service.createOrUpdateInstallation({ installationId, platform: 'wns', pushChannel });
    await service.patchInstallation(installationId, [{ op: 'add', path: '/tags', value: ['a'] }]);
    const found = await service.getInstallation(installationId);
    same([found.tags, found.pushChannel], [['a'], pushChannel], 'it');
    await service.deleteInstallation(installationId);
    const gone = await service.getInstallation(installationId).catch((error) => error.statusCode);
    same(gone, 404, 'after it');
  }),
  'wns.sendRaw to a tag': toast('wns', async (id) => {
    const tag = await tagged((one) => wns.createNativeRegistration(phones.wns.handle, one));
    return location(await wns.sendRaw(tag, secure(id)));
  }),
  'wns.sendRaw to one of many tags': toast('wns', async (id) => {
    const tag = await tagged((one) => wns.createNativeRegistration(phones.wns.handle, one));
    await wns.sendRaw([freshTag('nobody'), tag], secure(id));
  }),
  'wns.sendRaw to all': toast('wns', async (id) => {
    await tagged((one) => wns.createNativeRegistration(phones.wns.handle, one));
    await wns.sendRaw(null, secure(id));
  }),
  'apns.send': toast('apns', async (id) => {
    const tag = await tagged((one) => apns.createNativeRegistration(phones.apns.handle, one));
    await apns.send(tag, silentApple(id), background);
  }),
  'gcm.send': toast('fcm', async (id) => {
    const tag = await tagged((one) => gcm.createNativeRegistration(phones.fcm.handle, one));
    await gcm.send(tag, { priority: 'high', data: { secureId: id } });
  }),
  'send to templates of wns': toast('wns', async (id) => {
    const body = '{"secureId":"$(id)"}';
    const tag = await tagged((one) =>
      wns.createRawTemplateRegistration(phones.wns.handle, one, body, raw),
    );
    await service.send(tag, { id });
  }),
  'send to templates of gcm': toast('fcm', async (id) => {
    const body = { priority: 'high', data: { secureId: '$(id)' } };
    const tag = await tagged((one) => gcm.createTemplateRegistration(phones.fcm.handle, one, body));
    await service.send(tag, { id });
  }),
  'wns.sendToastText01': taken(() => wns.sendToastText01(freshTag('nobody'), { text1: 'hello' })),
  'wns.sendTileSquareText04': taken(() =>
    wns.sendTileSquareText04(freshTag('nobody'), { text1: 'hello' }),
  ),
  'wns.sendBadge': taken(() => wns.sendBadge(freshTag('nobody'), 3)),
  'wns.send': taken(() => wns.send(freshTag('nobody'), '<toast/>', 'wns/toast')),
  'mpns.sendToast': taken(() => mpns.sendToast(freshTag('nobody'), { text1: 'a', text2: 'b' })),
  'mpns.sendTile': taken(() => mpns.sendTile(freshTag('nobody'), { title: 'a' })),
  'mpns.sendFlipTile': taken(() => mpns.sendFlipTile(freshTag('nobody'), { title: 'a' })),
  'mpns.sendRaw': taken(() => mpns.sendRaw(freshTag('nobody'), { payload: 'x' })),
  'mpns.send': taken(() => mpns.send(freshTag('nobody'), '<x/>', 'raw', 3)),
  ...errors,
};

run('azure-sb', cases);
