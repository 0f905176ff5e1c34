'use strict';
// Both SDKs with a connection string of Azure's own: nothing here knows handset but for the rule that
// stands in the home, and where the toast is looked for.

const { promisify } = require('node:util');
const {
  NotificationHubsClient,
  createWindowsRawNotification,
} = require('@azure/notification-hubs');
const azure = require('azure-sb');
const { phones, run, toast } = require('./cases.js');
const { freshTag, hub, rule } = require('./hub.js');

const { name, key } = rule('RootManageSharedAccessKey');
const connection = `Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=${name};SharedAccessKey=${key}`;
const body = (id) => JSON.stringify({ secureId: id });

const libraries = {
  '@azure/notification-hubs': async (id) => {
    const client = new NotificationHubsClient(connection, hub);
    const tag = freshTag('cloud');
    const registrationId = await client.createRegistrationId();
    const registration = { kind: 'Windows', channelUri: phones.wns.handle, tags: [tag] };
    await client.createOrUpdateRegistration({ ...registration, registrationId });
    const notification = createWindowsRawNotification({ body: body(id) });
    const { location } = await client.sendNotification(notification, { tagExpression: tag });
    return new URL(location).origin;
  },
  'azure-sb': async (id) => {
    const { wns } = azure.createNotificationHubService(hub, connection);
    const tag = freshTag('cloud');
    await promisify(wns.createNativeRegistration.bind(wns))(phones.wns.handle, tag);
    const { headers } = await promisify(wns.sendRaw.bind(wns))(tag, body(id));
    return new URL(headers.location).origin;
  },
};

const library = process.env.INTEROP_VARIANT;
run(library, { 'register and send': toast('wns', libraries[library]) });
