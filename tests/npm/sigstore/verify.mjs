// SPDX-License-Identifier: MIT
// node verify.mjs BUNDLE PUB [TSA.pem CA.pem]: does Sigstore's own library believe a bundle of 'reprove show --sigstore'? With
// certificates: its time stamp, too. Nothing is asked of the network.
import fs from 'node:fs';
import crypto from 'node:crypto';
import {createRequire} from 'node:module';

// Installed where the test runs, and not beside this file.
const require = createRequire(process.cwd() + '/');
const {bundleFromJSON} = require('@sigstore/bundle');
const {toSignedEntity, Verifier} = require('@sigstore/verify');
const {X509Certificate} = require('@sigstore/core');

const [bundlePath, keyPath, ...certificates] = process.argv.slice(2);
const chain = certificates.map((path) => X509Certificate.parse(new crypto.X509Certificate(fs.readFileSync(path)).raw));
const forEver = {start: new Date(0), end: new Date(8640000000000000)};
const verifier = new Verifier({
	certificateAuthorities: [],
	timestampAuthorities: chain.length ? [{certChain: chain, validFor: forEver}] : [],
	tlogs: [],
	ctlogs: [],
	publicKey: () => ({publicKey: crypto.createPublicKey(fs.readFileSync(keyPath)), validFor: () => true}),
}, {tlogThreshold: 0, ctlogThreshold: 0, tsaThreshold: chain.length ? 1 : 0});
verifier.verify(toSignedEntity(bundleFromJSON(JSON.parse(fs.readFileSync(bundlePath)))));
console.log('verified');
