// A storage SCP made of dcmjs-dimse: parses each object it is sent and keeps it as dcmjs writes it.
//
// Usage: node dcmjs_dimse_archive.mjs PEERS PORT FOLDER REFUSES
// PEERS: build/peers; FOLDER: gets <study>/<instance>.dcm; REFUSES: JSON, the SOP Classes it refuses,
//   {contexts: [...], objects: [...]}: in the negotiation of the Association, or with a status. Ends with SIGTERM.
import fs from 'fs';
import path from 'path';
import { createRequire } from 'module';
const [peers, port, folder, refuses] = process.argv.slice(2);
const refused = JSON.parse(refuses);
const { Scp, Server, constants, responses } = createRequire(peers + '/node/')('dcmjs-dimse');
const { PresentationContextResult, SopClass, Status, TransferSyntax } = constants;

const accepted = [TransferSyntax.RleLossless, TransferSyntax.ExplicitVRLittleEndian, TransferSyntax.ImplicitVRLittleEndian];

class Archive extends Scp {
  associationRequested(association) {
    for (const { id } of association.getPresentationContexts()) {
      const context = association.getPresentationContext(id);
      const uid = context.getAbstractSyntaxUid();
      const syntax = accepted.find(one => context.getTransferSyntaxUids().includes(one));
      if (refused.contexts.includes(uid)) context.setResult(PresentationContextResult.RejectAbstractSyntaxNotSupported);
      else if (!syntax) context.setResult(PresentationContextResult.RejectTransferSyntaxesNotSupported);
      else context.setResult(PresentationContextResult.Accept, syntax);
    }
    this.sendAssociationAccept();
  }

  cEchoRequest(request, callback) {
    const response = responses.CEchoResponse.fromRequest(request);
    response.setStatus(Status.Success);
    callback(response);
  }

  cStoreRequest(request, callback) {
    const response = responses.CStoreResponse.fromRequest(request);
    if (refused.objects.includes(request.getAffectedSopClassUid())) {
      response.setStatus(Status.SopClassNotSupported);
      callback(response);
      return;
    }
    try {
      const dataset = request.getDataset();
      const study = path.join(folder, dataset.getElement('StudyInstanceUID'));
      fs.mkdirSync(study, { recursive: true });
      const file = path.join(study, dataset.getElement('SOPInstanceUID'));
      dataset.toFile(file + '.part');
      fs.renameSync(file + '.part', file + '.dcm');
      response.setStatus(Status.Success);
    } catch (error) {
      console.error(error);
      response.setStatus(Status.ProcessingFailure);
    }
    callback(response);
  }

  associationReleaseRequested() {
    this.sendAssociationReleaseResponse();
  }
}

const server = new Server(Archive);
server.on('networkError', error => console.error('network error:', error));
server.listen(Number(port));
