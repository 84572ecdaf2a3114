define internal void @loop_1(ptr noalias %a0, ptr noalias %a1) #1 {
entry:
  br label %b1
b1:
  %v3 = phi i64 [ 0, %entry ], [ %v57, %b1 ]
  %v4 = mul nsw i64 %v3, 160
  %v5 = getelementptr i8, ptr %a0, i64 %v4
  %v6 = load <8 x float>, ptr %v5, align 4
  %v7 = getelementptr i8, ptr %v5, i64 32
  %v8 = load <8 x float>, ptr %v7, align 4
  %v9 = getelementptr i8, ptr %v5, i64 64
  %v10 = load <8 x float>, ptr %v9, align 4
  %v11 = getelementptr i8, ptr %v5, i64 96
  %v12 = load <8 x float>, ptr %v11, align 4
  %v13 = getelementptr i8, ptr %v5, i64 128
  %v14 = load <8 x float>, ptr %v13, align 4
  %v15 = fcmp ogt <8 x float> %v8, %v6
  %v16 = select <8 x i1> %v15, <8 x float> %v8, <8 x float> %v6
  %v17 = fcmp uno <8 x float> %v8, %v8
  %v18 = select <8 x i1> %v17, <8 x float> %v8, <8 x float> %v16
  %v19 = fcmp ogt <8 x float> %v12, %v10
  %v20 = select <8 x i1> %v19, <8 x float> %v12, <8 x float> %v10
  %v21 = fcmp uno <8 x float> %v12, %v12
  %v22 = select <8 x i1> %v21, <8 x float> %v12, <8 x float> %v20
  %v23 = fcmp ogt <8 x float> %v22, %v18
  %v24 = select <8 x i1> %v23, <8 x float> %v22, <8 x float> %v18
  %v25 = fcmp uno <8 x float> %v22, %v22
  %v26 = select <8 x i1> %v25, <8 x float> %v22, <8 x float> %v24
  %v27 = fcmp ogt <8 x float> %v14, %v26
  %v28 = select <8 x i1> %v27, <8 x float> %v14, <8 x float> %v26
  %v29 = fcmp uno <8 x float> %v14, %v14
  %v30 = select <8 x i1> %v29, <8 x float> %v14, <8 x float> %v28
  %v31 = shufflevector <8 x float> %v30, <8 x float> poison, <8 x i32> <i32 4, i32 5, i32 6, i32 7, i32 0, i32 1, i32 2, i32 3>
  %v32 = fcmp ogt <8 x float> %v31, %v30
  %v33 = select <8 x i1> %v32, <8 x float> %v31, <8 x float> %v30
  %v34 = fcmp uno <8 x float> %v31, %v31
  %v35 = select <8 x i1> %v34, <8 x float> %v31, <8 x float> %v33
  %v36 = shufflevector <8 x float> %v35, <8 x float> poison, <8 x i32> <i32 2, i32 3, i32 0, i32 1, i32 6, i32 7, i32 4, i32 5>
  %v37 = fcmp ogt <8 x float> %v36, %v35
  %v38 = select <8 x i1> %v37, <8 x float> %v36, <8 x float> %v35
  %v39 = fcmp uno <8 x float> %v36, %v36
  %v40 = select <8 x i1> %v39, <8 x float> %v36, <8 x float> %v38
  %v41 = shufflevector <8 x float> %v40, <8 x float> poison, <8 x i32> <i32 1, i32 0, i32 3, i32 2, i32 5, i32 4, i32 7, i32 6>
  %v42 = fcmp ogt <8 x float> %v41, %v40
  %v43 = select <8 x i1> %v42, <8 x float> %v41, <8 x float> %v40
  %v44 = fcmp uno <8 x float> %v41, %v41
  %v45 = select <8 x i1> %v44, <8 x float> %v41, <8 x float> %v43
  %v46 = fsub <8 x float> %v6, %v45
  %v47 = mul nsw i64 %v3, 160
  %v48 = getelementptr i8, ptr %a1, i64 %v47
  store <8 x float> %v46, ptr %v48, align 4
  %v49 = fsub <8 x float> %v8, %v45
  %v50 = getelementptr i8, ptr %v48, i64 32
  store <8 x float> %v49, ptr %v50, align 4
  %v51 = fsub <8 x float> %v10, %v45
  %v52 = getelementptr i8, ptr %v48, i64 64
  store <8 x float> %v51, ptr %v52, align 4
  %v53 = fsub <8 x float> %v12, %v45
  %v54 = getelementptr i8, ptr %v48, i64 96
  store <8 x float> %v53, ptr %v54, align 4
  %v55 = fsub <8 x float> %v14, %v45
  %v56 = getelementptr i8, ptr %v48, i64 128
  store <8 x float> %v55, ptr %v56, align 4
  %v57 = add nuw nsw i64 %v3, 1
  %v58 = icmp slt i64 %v57, 3
  br i1 %v58, label %b1, label %b2
b2:
  ret void
}

define internal void @step(ptr %arena, ptr %a1) #1 {
entry:
  call void @loop_1(ptr %a1, ptr %arena)
  ret void
}

define void @run(ptr %arena, ptr %table) #0 {
entry:
  %v1 = alloca i32, align 4
  %v2 = alloca i32, align 4
  call void @llvm.x86.sse.stmxcsr(ptr %v1)
  %v3 = load i32, ptr %v1, align 4
  %v4 = or i32 %v3, 32832
  store i32 %v4, ptr %v2, align 4
  call void @llvm.x86.sse.ldmxcsr(ptr %v2)
  %v5 = load ptr, ptr %table, align 8
  call void @step(ptr %arena, ptr %v5)
  call void @llvm.x86.sse.ldmxcsr(ptr %v1)
  ret void
}

declare void @llvm.x86.sse.stmxcsr(ptr)
declare void @llvm.x86.sse.ldmxcsr(ptr)
attributes #0 = { nounwind "prefer-vector-width"="256" "min-legal-vector-width"="256" "no-trapping-math"="true" }
attributes #1 = { nounwind noinline "prefer-vector-width"="256" "min-legal-vector-width"="256" "no-trapping-math"="true" }
