/* Ask a SavedModel of strings through the C API of TensorFlow alone.
 *
 * usage: ask SAVED_MODEL OUTPUT[,OUTPUT...] [LIBRARY...]
 *
 * OUTPUT is a tensor, "operation:0"; LIBRARY a file of operations to load.
 * Standard input has the inputs: for each, a line "operation:0 COUNT", then as
 * many lines, each the bytes of a string in hexadecimal. Each output is
 * printed likewise: a line "TYPE RANK SIZES...", then a value a line, strings
 * in hexadecimal.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tensorflow/c/c_api.h"

enum { MOST = 16 };

static void stop(const char* what, const char* why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static void check(const TF_Status* status, const char* what) {
  if (TF_GetCode(status) != TF_OK) stop(what, TF_Message(status));
}

static TF_Output find(TF_Graph* graph, char* name) {
  char* colon = strrchr(name, ':');
  if (colon == NULL) stop(name, "no operation:index");
  *colon = '\0';
  TF_Output found = {TF_GraphOperationByName(graph, name), atoi(colon + 1)};
  if (found.oper == NULL) stop(name, "no operation of the graph");
  return found;
}

/* Read a line of any length without its end. */
static char* read_line(void) {
  char* line = NULL;
  size_t size = 0;
  ssize_t length = getline(&line, &size, stdin);
  if (length < 0) {
    free(line);
    return NULL;
  }
  line[strcspn(line, "\n")] = '\0';
  return line;
}

static void read_string(TF_TString* into) {
  char* line = read_line();
  if (line == NULL) stop("standard input", "too few strings");
  size_t length = strlen(line) / 2;
  for (size_t i = 0; i < length; i++) {
    unsigned byte;
    if (sscanf(line + 2 * i, "%2x", &byte) != 1) stop(line, "not hexadecimal");
    line[i] = (char)byte;
  }
  TF_TString_Init(into);
  TF_TString_Copy(into, line, length);
  free(line);
}

static TF_Tensor* read_strings(int64_t count) {
  size_t bytes = (size_t)count * sizeof(TF_TString);
  TF_Tensor* tensor = TF_AllocateTensor(TF_STRING, &count, 1, bytes);
  TF_TString* strings = TF_TensorData(tensor);
  for (int64_t i = 0; i < count; i++) read_string(&strings[i]);
  return tensor;
}

static void write_value(TF_DataType type, const void* data, int64_t i) {
  switch (type) {
    case TF_FLOAT:
      printf("%.9g\n", ((const float*)data)[i]);
      break;
    case TF_INT32:
      printf("%" PRId32 "\n", ((const int32_t*)data)[i]);
      break;
    case TF_INT64:
      printf("%" PRId64 "\n", ((const int64_t*)data)[i]);
      break;
    case TF_STRING: {
      const TF_TString* string = (const TF_TString*)data + i;
      const char* bytes = TF_TString_GetDataPointer(string);
      for (size_t k = 0; k < TF_TString_GetSize(string); k++)
        printf("%02x", (unsigned char)bytes[k]);
      printf("\n");
      break;
    }
    default:
      stop("output", "of a type that this program does not print");
  }
}

static void write_tensor(const TF_Tensor* tensor) {
  int rank = TF_NumDims(tensor);
  printf("%d %d", TF_TensorType(tensor), rank);
  for (int i = 0; i < rank; i++) printf(" %" PRId64, TF_Dim(tensor, i));
  printf("\n");
  int64_t count = TF_TensorElementCount(tensor);
  for (int64_t i = 0; i < count; i++)
    write_value(TF_TensorType(tensor), TF_TensorData(tensor), i);
}

int main(int argc, char** argv) {
  if (argc < 3) stop("usage", "ask SAVED_MODEL OUTPUT[,OUTPUT...] [LIBRARY...]");
  TF_Status* status = TF_NewStatus();
  for (int i = 3; i < argc; i++) {
    TF_LoadLibrary(argv[i], status);
    check(status, argv[i]);
  }
  TF_Graph* graph = TF_NewGraph();
  TF_SessionOptions* options = TF_NewSessionOptions();
  const char* tags[] = {"serve"};
  TF_Session* session = TF_LoadSessionFromSavedModel(
      options, NULL, argv[1], tags, 1, graph, NULL, status);
  check(status, argv[1]);

  TF_Output inputs[MOST], outputs[MOST];
  TF_Tensor *given[MOST], *answers[MOST];
  int num_inputs = 0, num_outputs = 0;
  for (char* line; num_inputs < MOST && (line = read_line()); num_inputs++) {
    char* space = strchr(line, ' ');
    if (space == NULL) stop(line, "no operation:index COUNT");
    *space = '\0';
    inputs[num_inputs] = find(graph, line);
    given[num_inputs] = read_strings(atoll(space + 1));
    free(line);
  }
  for (char* name = strtok(argv[2], ","); name && num_outputs < MOST;
       name = strtok(NULL, ","))
    outputs[num_outputs++] = find(graph, name);

  TF_SessionRun(session, NULL, inputs, given, num_inputs, outputs, answers,
                num_outputs, NULL, 0, NULL, status);
  check(status, "run");
  for (int i = 0; i < num_outputs; i++) write_tensor(answers[i]);
  for (int i = 0; i < num_outputs; i++) TF_DeleteTensor(answers[i]);
  for (int i = 0; i < num_inputs; i++) TF_DeleteTensor(given[i]);
  TF_CloseSession(session, status);
  TF_DeleteSession(session, status);
  TF_DeleteSessionOptions(options);
  TF_DeleteGraph(graph);
  TF_DeleteStatus(status);
  return 0;
}
